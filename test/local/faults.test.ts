import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFaults, type Faults } from "../../local/faults.ts";
import { type StartedRunPod, startLocalRunPod } from "../support/local-runpod.ts";
import { until } from "../support/until.ts";
import { mutate, refused, rent, wish, withoutContainers } from "./renting.ts";

let runpod: StartedRunPod;
beforeEach(async () => {
  runpod = await startLocalRunPod(withoutContainers);
});
afterEach(() => runpod.close());

type Fault = Parameters<Faults["add"]>[0];
const deploy = "podFindAndDeployOnDemand";
const add = (kind: Fault["kind"], others: Partial<Fault> = {}): void =>
  runpod.faults.add({ operation: deploy, kind, ...others });
const request = (signal?: AbortSignal): Promise<Response> =>
  fetch(`${runpod.url}/graphql`, {
    method: "POST",
    headers: { authorization: "Bearer local-key", "content-type": "application/json" },
    body: JSON.stringify({
      query: `mutation($input: PodFindAndDeployOnDemandInput) { ${deploy}(input: $input) { id } }`,
      variables: { input: wish },
    }),
    ...(signal && { signal }),
  });
const outcomes = () => runpod.operations.all().map(({ name, outcome, detail }) => [name, outcome, detail]);

describe("a fault", () => {
  it.each([
    ["http500", 500, "<html><body>Internal Server Error</body></html>", null],
    ["http429", 429, "<html><body>Too Many Requests</body></html>", "1"],
  ] as const)(
    "%s answers in HTML and does nothing (documented for the edge)",
    async (kind, status, text, retryAfter) => {
      add(kind);
      const response = await request();
      expect([response.status, response.headers.get("retry-after"), await response.text()]).toEqual([
        status,
        retryAfter,
        text,
      ]);
      expect(runpod.account.pods()).toEqual([]);
      expect(outcomes()).toEqual([[deploy, "fault", kind]]);
    },
  );

  it("graphql-error answers with an error in HTTP 200 and does nothing (documented)", async () => {
    add("graphql-error", { message: "There are no instances currently available", code: "SUPPLY_CONSTRAINT" });
    add("graphql-error");
    const answer = (message: string, code: string) => {
      const { status, data, errors } = refused(deploy, message, code);
      return { status, data, errors: errors.map(({ path, extensions }) => ({ message, path, extensions })) };
    };
    expect(await mutate(runpod, deploy, wish)).toEqual(
      answer("There are no instances currently available", "SUPPLY_CONSTRAINT"),
    );
    expect(await mutate(runpod, deploy, wish)).toEqual(
      answer("Something went wrong. Please try again later or contact support.", "INTERNAL_SERVER_ERROR"),
    );
    expect(runpod.account.pods()).toEqual([]);
  });

  it("reset-before breaks the connection and does nothing", async () => {
    add("reset-before");
    await expect(request()).rejects.toThrow("fetch failed");
    expect(runpod.account.pods()).toEqual([]);
  });

  it("reset-after breaks the connection when it is done: the pod is there, and bills (observed)", async () => {
    add("reset-after");
    await expect(request()).rejects.toThrow("fetch failed");
    expect(runpod.account.pods().map(({ name }) => name)).toEqual(["pod"]);
    expect(outcomes()).toEqual([[deploy, "fault", "reset-after"]]);
  });

  it("timeout does it and never answers", async () => {
    add("timeout");
    const abort = new AbortController();
    const answer = request(abort.signal);
    await until("it is done", () => runpod.account.pods().length === 1);
    expect(await Promise.race([answer, sleep(100, "silence")])).toBe("silence");
    abort.abort();
    await expect(answer).rejects.toThrow("aborted");
  });

  it("list-lag hides young pods from one list (documented), and storage (an assumption)", async () => {
    await rent(runpod);
    runpod.account.createNetworkVolume({ name: "models", size: 10, dataCenterId: "US-KS-2" });
    runpod.account.saveRegistryAuth({ name: "hub", username: "me", password: "p" });
    runpod.faults.add({ operation: "myself", kind: "list-lag", milliseconds: 600_000 });
    const lists = "pods { name } networkVolumes { name } containerRegistryCreds { name }";
    const listed = async () => (await runpod.graphql(`{ myself { ${lists} } }`)).data?.["myself"];
    expect(await listed()).toEqual({ pods: [], networkVolumes: [], containerRegistryCreds: [] });
    expect(await listed()).toEqual({
      pods: [{ name: "pod" }],
      networkVolumes: [{ name: "models" }],
      containerRegistryCreds: [{ name: "hub" }],
    });
  });

  it("happens so many times, then no more", async () => {
    add("http500", { times: 2 });
    expect([(await request()).status, (await request()).status, (await request()).status]).toEqual([500, 500, 200]);
    expect(runpod.faults.pending()).toEqual([]);
  });

  it("of one pod leaves the others alone", async () => {
    const [one, other] = [await rent(runpod), await rent(runpod)];
    runpod.faults.add({ operation: "podStop", kind: "graphql-error", podId: one });
    expect((await mutate(runpod, "podStop", { podId: other })).errors).toBeUndefined();
    expect((await mutate(runpod, "podStop", { podId: one })).errors).toHaveLength(1);
  });
});

describe("pending faults", () => {
  it("are taken in their order, by operation or *, and can be cleared", () => {
    const faults = createFaults();
    faults.add({ operation: "podStop", kind: "http500" });
    faults.add({ operation: "*", kind: "http429" });
    expect(faults.take("podResume", undefined)?.kind).toBe("http429");
    expect(faults.take("podResume", undefined)).toBeUndefined();
    faults.clear();
    expect([faults.pending(), faults.take("podStop", undefined)]).toEqual([[], undefined]);
  });

  it("have to be readable", () => {
    const faults = createFaults();
    expect(() => faults.add({ operation: "*", kind: "explode" as "http500" })).toThrow("Invalid option");
    expect(() => faults.add({ operation: "*", kind: "http500", times: 0 })).toThrow("Too small");
    expect(faults.pending()).toEqual([]);
  });
});
