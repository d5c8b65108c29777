import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { podApiKey } from "../../../local/host/container-env.ts";
import { type StartedRunPod, startLocalRunPod } from "../../support/local-runpod.ts";
import { rent, withoutContainers } from "../renting.ts";

let runpod: StartedRunPod;
beforeAll(async () => {
  runpod = await startLocalRunPod(withoutContainers);
});
afterAll(() => runpod.close());

const ask = async (body: unknown, headers: Record<string, string> = {}, query = "") => {
  const response = await fetch(`${runpod.url}/graphql${query}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const { data, errors } = (await response.json()) as {
    data?: unknown;
    errors?: { message: string; extensions: { code: string } }[];
  };
  return {
    status: response.status,
    data,
    errors: errors?.map(({ message, extensions }) => [message, extensions.code]),
  };
};
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const mine = { query: "{ myself { id } }" };
const welcome = { status: 200, data: { myself: { id: "user_local" } }, errors: undefined };
const unauthorized = { status: 401, data: undefined, errors: [["Unauthorized", "UNAUTHENTICATED"]] };

describe("who may ask", () => {
  it("is whoever has the key, in the header or in the query (documented)", async () => {
    expect(await ask(mine, bearer("local-key"))).toEqual(welcome);
    expect(await ask(mine, {}, "?api_key=local-key")).toEqual(welcome);
  });

  it("is a pod of the account with its own key (documented), while there is one", async () => {
    const id = await rent(runpod);
    expect(await ask(mine, bearer(podApiKey(id)))).toEqual(welcome);
    runpod.account.terminate(id);
    expect(await ask(mine, bearer(podApiKey(id)))).toEqual(unauthorized);
  });

  it("is nobody with a wrong key: 401 (documented; the body is an assumption)", async () => {
    expect(await ask(mine, bearer("wrong"))).toEqual(unauthorized);
    expect(await ask(mine, {}, "?api_key=wrong")).toEqual(unauthorized);
    expect(await ask(mine, bearer("wrong"), "?api_key=local-key")).toEqual(unauthorized);
  });

  it("is anybody for GPU types and data centres, without variables (documented; 400 is an assumption)", async () => {
    expect(await ask(mine)).toEqual(unauthorized);
    const query = '{ gpuTypes(input: { id: "NVIDIA L4" }) { id } }';
    expect(await ask({ query })).toEqual({ status: 200, data: { gpuTypes: [{ id: "NVIDIA L4" }] }, errors: undefined });
    expect(await ask({ query: `{ dataCenters { id } myself { id } }` })).toEqual(unauthorized);
    const withVariables = {
      query: "query($id: String) { gpuTypes(input: { id: $id }) { id } }",
      variables: { id: "x" },
    };
    expect(await ask(withVariables)).toEqual({
      status: 400,
      data: undefined,
      errors: [["Variables are not allowed without credentials", "BAD_REQUEST"]],
    });
  });

  it("has to name its program: 403 without a User-Agent (observed for some, assumption for none)", async () => {
    const answer = await new Promise<[number | undefined, string]>((resolve, reject) => {
      const request = httpRequest(`${runpod.url}/graphql`, { method: "POST" }, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => resolve([response.statusCode, text]));
      });
      request.on("error", reject).end();
    });
    expect(answer).toEqual([403, "error code: 1010"]);
  });
});

describe("a document that cannot be executed", () => {
  const refusal = (message: string, code: string) => ({ status: 400, data: undefined, errors: [[message, code]] });
  const invalid = (message: string) => refusal(message, "GRAPHQL_VALIDATION_FAILED");

  // The texts are graphql-js's, as at RunPod (observed); that the status is 400 is an assumption.
  it.each<[string, string, string]>([
    ["an unknown field", "{ myself { wealth } }", 'Cannot query field "wealth" on type "User".'],
    [
      "an unknown input",
      'mutation { podResume(input: { podId: "x", allowedCudaVersions: [] }) { id } }',
      'Field "allowedCudaVersions" is not defined by type "PodResumeInput".',
    ],
    [
      "a missing input",
      "mutation { podStop(input: {}) { id } }",
      'Field "PodStopInput.podId" of required type "String!" was not provided.',
    ],
    ["no GraphQL", "{ myself", "Syntax Error: Expected Name, found <EOF>."],
    [
      "introspection, which is off (documented)",
      "{ __schema { types { name } } }",
      'GraphQL introspection has been disabled, but the requested query contained the field "__schema".',
    ],
  ])("gets 400: %s", async (_, query, message) => {
    const answer = await ask({ query }, bearer("local-key"));
    expect({ ...answer, errors: answer.errors?.slice(0, 1) }).toEqual(invalid(message));
  });

  const stop = "mutation($input: PodStopInput!) { podStop(input: $input) { id } }";
  const rentPod = "mutation($input: PodFindAndDeployOnDemandInput) { podFindAndDeployOnDemand(input: $input) { id } }";
  it.each<[string, string, object, string]>([
    [
      "it lacks something",
      stop,
      {},
      'Variable "$input" got invalid value {}; Field "podId" of required type "String!" was not provided.',
    ],
    [
      "it lacks something further inside",
      rentPod,
      { env: [{ key: "A" }] },
      'Variable "$input" got invalid value { key: "A" } at "input.env[0]"; Field "value" of required type "String!" was not provided.',
    ],
    [
      "it has something unknown",
      rentPod,
      { gpuTypes: [] },
      'Variable "$input" got invalid value { gpuTypes: [] }; Field "gpuTypes" is not defined by type "PodFindAndDeployOnDemandInput". Did you mean "gpuTypeId"?',
    ],
    [
      "it is of another type",
      rentPod,
      { gpuCount: "1" },
      'Variable "$input" got invalid value "1" at "input.gpuCount"; Int cannot represent non-integer value: "1"',
    ],
    [
      "it is no word of the schema's",
      rentPod,
      { cloudType: "PRIVATE" },
      'Variable "$input" got invalid value "PRIVATE" at "input.cloudType"; Value "PRIVATE" does not exist in "CloudTypeEnum" enum.',
    ],
  ])("gets 400 when a variable does not fit: %s", async (_, query, input, message) => {
    expect(await ask({ query, variables: { input } }, bearer("local-key"))).toEqual(refusal(message, "BAD_USER_INPUT"));
    expect(runpod.account.pods()).toEqual([]);
  });

  it("gets 400 when there is none", async () => {
    expect(await ask({}, bearer("local-key"))).toEqual(refusal("POST body must be JSON with a query", "BAD_REQUEST"));
  });

  it("gets 400 when it has several operations and none is named", async () => {
    const query = "query A { myself { id } } query B { myself { clientBalance } }";
    expect((await ask({ query }, bearer("local-key"))).status).toBe(400);
    expect(await ask({ query, operationName: "B" }, bearer("local-key"))).toEqual({
      status: 200,
      data: { myself: { clientBalance: 100 } },
      errors: undefined,
    });
  });
});
