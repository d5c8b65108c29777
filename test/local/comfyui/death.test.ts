import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../support/until.ts";
import { picture, type StandIn, startStandIn, trouble } from "./stand-in.ts";

let comfy: StandIn;
beforeEach(async () => {
  comfy = await startStandIn();
});
afterEach(() => comfy.close());

const isDown = (): Promise<boolean> =>
  fetch(`${comfy.url}/queue`).then(
    () => false,
    () => true,
  );
const bytes = (nonce: number) => ({ "1": { class_type: "LocalBytes", inputs: { nonce } } });

// All of it was observed on ComfyUI 0.33.
describe("a node that ends the process", () => {
  it("takes everything with it: the websocket closes, connections are refused", async () => {
    const client = await comfy.connect("die");
    await comfy.queue({ "1": { class_type: "LocalDie", inputs: { nonce: 1 } } }, { client_id: "die" });
    await client.closed;
    await until("nothing answers", isDown);
    expect(client.types()).not.toContain("execution_error");
  });
});

describe("a node that shows what JSON cannot carry", () => {
  it("ends the process when its client listens, before anybody is told", async () => {
    const client = await comfy.connect("listens");
    await comfy.queue(bytes(1), { client_id: "listens" });
    await client.closed;
    await until("nothing answers", isDown);
    expect(client.types()).toEqual([
      ...["status", "status", "status", "execution_start", "execution_cached", "executing"],
    ]);
  });

  it("runs when its client is gone, and history fails until it is deleted", async () => {
    const good = await comfy.queue(picture(1));
    await comfy.ended(good);
    const id = await comfy.queue(bytes(2), { client_id: "gone" });
    await until("it has run", async () => (await comfy.get(`/history/${id}`))[0] === 500);
    expect(await comfy.get(`/history/${id}`)).toEqual(trouble);
    expect(await comfy.get("/history")).toEqual(trouble);
    expect(await comfy.get(`/api/jobs/${id}`)).toEqual(trouble);
    // Its list shows no outputs.
    expect((await comfy.get("/api/jobs"))[0]).toBe(200);
    expect(await comfy.get("/queue")).toEqual([200, { queue_running: [], queue_pending: [] }]);
    expect(await comfy.post("/history", { delete: [id] })).toEqual([200, ""]);
    expect(Object.keys((await comfy.get("/history"))[1] as object)).toEqual([good]);
  });
});
