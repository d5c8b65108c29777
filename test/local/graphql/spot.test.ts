import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StartedRunPod, startLocalRunPod } from "../../support/local-runpod.ts";
import { mutate, podOf, refused, rent, statusChange, wish, withoutContainers } from "../renting.ts";

const noInstances =
  "There are no longer any instances available with the request specifications. Please try again later.";
const bid = (bidPerGpu: number, fields = "{ id }") =>
  mutate(runpod, "podRentInterruptable", { ...wish, bidPerGpu }, fields);
const rentSpot = async (): Promise<string> => {
  const { data } = await bid(0.3);
  return (data?.["podRentInterruptable"] as { id: string }).id;
};

let runpod: StartedRunPod;
beforeAll(async () => {
  runpod = await startLocalRunPod(withoutContainers);
});
afterAll(() => runpod.close());

describe("a spot pod", () => {
  it("costs what was bid, and can be taken away (documented)", async () => {
    expect(await bid(0.31, "{ podType costPerHr desiredStatus lowestBidPriceToResume }")).toEqual({
      status: 200,
      data: {
        podRentInterruptable: {
          podType: "INTERRUPTABLE",
          costPerHr: 0.31,
          desiredStatus: "RUNNING",
          lowestBidPriceToResume: 0.28,
        },
      },
    });
  });

  it("is not to be had for too low a bid, nor for none; the text is one of its own (observed)", async () => {
    expect(await bid(0.27)).toEqual(refused("podRentInterruptable", noInstances));
    expect(await mutate(runpod, "podRentInterruptable", wish)).toEqual(refused("podRentInterruptable", noInstances));
  });

  it("is stopped when somebody pays more, and keeps its id (documented)", async () => {
    const id = await rentSpot();
    const response = await fetch(`${runpod.url}/local/pods/${id}/outbid`, { method: "POST" });
    expect([response.status, await response.json()]).toEqual([200, { id, lastStatusChange: statusChange("Outbid") }]);
    expect(await podOf(runpod, id, "desiredStatus lastStatusChange")).toEqual({
      desiredStatus: "EXITED",
      lastStatusChange: statusChange("Outbid"),
    });
  });

  it("goes on with a new bid only (observed)", async () => {
    const id = await rentSpot();
    runpod.account.outbid(id);
    expect(await mutate(runpod, "podResume", { podId: id })).toEqual(
      refused("podResume", "Cannot resume a spot pod as an on demand pod"),
    );
    const resume = (bidPerGpu: number) =>
      mutate(runpod, "podBidResume", { podId: id, gpuCount: 1, bidPerGpu }, "{ desiredStatus costPerHr }");
    // The text for a low bid is an assumption.
    expect(await resume(0.1)).toEqual(refused("podBidResume", noInstances));
    expect((await resume(0.4)).data).toEqual({ podBidResume: { desiredStatus: "RUNNING", costPerHr: 0.4 } });
  });

  it("is the only kind that takes bids (assumption)", async () => {
    const id = await rent(runpod);
    expect(await mutate(runpod, "podBidResume", { podId: id, gpuCount: 1, bidPerGpu: 1 })).toEqual(
      refused("podBidResume", "Cannot place a bid for an on demand pod"),
    );
  });
});
