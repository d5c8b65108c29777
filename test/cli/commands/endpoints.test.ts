import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contractDocument } from "../../support/apps.ts";
import { type CendWithEndpoints, cendWithEndpoints } from "../../support/cend-endpoints.ts";
import { type GatewayDouble, startGatewayDouble } from "../../support/gateway-double.ts";

let cards: GatewayDouble;
let slow: GatewayDouble;
let run: CendWithEndpoints;
beforeAll(async () => {
  [cards, slow] = await Promise.all([
    startGatewayDouble(contractDocument, "key-1"),
    startGatewayDouble(contractDocument, "key-1"),
  ]);
  slow.health = { status: "starting", phase: "models", detail: "flux1-schnell" };
  run = cendWithEndpoints({ slow: slow.url, cards: cards.url, dead: "http://127.0.0.1:2" }, "key-1");
});
afterAll(async () => {
  run.remove();
  await Promise.all([cards.close(), slow.close()]);
});

describe("cend endpoints", () => {
  it("lists every endpoint with its health, the dead among them", async () => {
    const { code, stdout } = await run.cend("endpoints", "list");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      items: [
        {
          ...{ app_id: "cards", deployment_id: null, endpoint_url: cards.url },
          ...{ state: "READY", health: "healthy", detail: "ready" },
        },
        {
          ...{ app_id: "dead", deployment_id: null, endpoint_url: "http://127.0.0.1:2" },
          ...{ state: "DEGRADED", health: "unreachable" },
          detail: expect.stringMatching(/^GET http:\/\/127\.0\.0\.1:2\/healthz got no answer: /) as string,
        },
        {
          ...{ app_id: "slow", deployment_id: null, endpoint_url: slow.url },
          ...{ state: "BOOTSTRAPPING", health: "unhealthy", detail: "models: flux1-schnell" },
        },
      ],
    });
  });

  it("lists nothing where nothing is deployed", async () => {
    const nowhere = cendWithEndpoints({}, "key-1");
    expect(await nowhere.cend("endpoints", "list")).toEqual({ code: 0, stdout: '{\n  "items": []\n}\n', stderr: "" });
    expect(await nowhere.cend("files", "list")).toMatchObject({
      code: 3,
      stderr: "error: nothing is deployed; deploy an app first: cend deploy <app.json>\n",
    });
    nowhere.remove();
  });

  it("describes one by its contract", async () => {
    const { code, stdout } = await run.cend("endpoints", "describe", "cards");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ app_id: "cards", endpoint_url: cards.url, contract: contractDocument });
  });
});
