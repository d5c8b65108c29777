import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type StartedRunPod, startLocalRunPod } from "../support/local-runpod.ts";
import { mutate, rent, withoutContainers } from "./renting.ts";

let runpod: StartedRunPod;
beforeEach(async () => {
  runpod = await startLocalRunPod(withoutContainers);
});
afterEach(() => runpod.close());

const ask = async (path: string, method = "GET", body?: object): Promise<[number, unknown]> => {
  const response = await fetch(`${runpod.url}/local${path}`, {
    method,
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return [response.status, text === "" ? undefined : JSON.parse(text)];
};

describe("/local/operations", () => {
  it("lists what was asked, oldest first, and what came of it", async () => {
    const id = await rent(runpod);
    await mutate(runpod, "podStop", { podId: id });
    await mutate(runpod, "podTerminate", { podId: "nope" }, "");
    runpod.faults.add({ operation: "*", kind: "http500" });
    await fetch(`${runpod.url}/graphql?api_key=local-key`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ myself { id } }" }),
    });
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
    expect(await ask("/operations")).toEqual([
      200,
      {
        operations: [
          { name: "podFindAndDeployOnDemand", podId: id, outcome: "ok", time },
          { name: "podStop", podId: id, outcome: "ok", time },
          { name: "podTerminate", podId: "nope", outcome: "refused", detail: "pod not found to terminate", time },
          { name: "myself", outcome: "fault", detail: "http500", time },
        ],
      },
    ]);
  });

  it("does not list what was not even executed", async () => {
    await runpod.graphql("{ nonsense }");
    expect(await ask("/operations")).toEqual([200, { operations: [] }]);
  });
});

describe("/local/faults", () => {
  const full = {
    operation: "podStop",
    kind: "http500",
    times: 1,
    message: "Something went wrong. Please try again later or contact support.",
    code: "INTERNAL_SERVER_ERROR",
    milliseconds: 2000,
  };

  it("takes a fault, lists it and clears it", async () => {
    expect(await ask("/faults", "POST", { operation: "podStop", kind: "http500" })).toEqual([201, full]);
    expect(await ask("/faults")).toEqual([200, { faults: [full] }]);
    expect(await ask("/faults", "DELETE")).toEqual([204, undefined]);
    expect(await ask("/faults")).toEqual([200, { faults: [] }]);
  });

  it("names what is wrong with one", async () => {
    const [status, body] = await ask("/faults", "POST", { operation: 1, kind: "explode" });
    expect(status).toBe(400);
    expect((body as { error: string }).error).toBe(
      "operation: Invalid input: expected string, received number; " +
        'kind: Invalid option: expected one of "http500"|"http429"|"graphql-error"|"reset-before"|"reset-after"|"timeout"|"list-lag"',
    );
    expect(await ask("/faults", "POST")).toMatchObject([400, { error: expect.stringMatching(/^body: /) as string }]);
    expect(runpod.faults.pending()).toEqual([]);
  });
});

describe("/local/pods", () => {
  it("cannot outbid a pod that is not there", async () => {
    expect(await ask("/pods/nope/outbid", "POST")).toEqual([404, { error: "pod not found: nope" }]);
  });
});
