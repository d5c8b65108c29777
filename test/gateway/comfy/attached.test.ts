import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAttachedComfy } from "../../../gateway/comfy/attached.ts";
import { createComfyClient } from "../../../gateway/comfy/client.ts";
import type { ComfyServer } from "../../../gateway/comfy/server.ts";
import { createLog } from "../../../gateway/log.ts";
import { type ComfyStub, createComfyStub } from "../../support/comfyui.ts";
import { drawPictures, startGateway } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let stub: ComfyStub;
let comfy: ComfyServer;
let lines: { msg: string; reason?: string }[];
beforeEach(async () => {
  stub = await createComfyStub();
  lines = [];
  comfy = createAttachedComfy({
    url: stub.url,
    client: createComfyClient(stub.url),
    log: createLog((line) => lines.push(JSON.parse(line) as (typeof lines)[number])),
    probeMs: 5,
  });
});
afterEach(async () => {
  await comfy.stop();
  await stub.close();
});

const never = new AbortController().signal;
const stateIs = (kind: string) => until(`it is ${kind}`, () => comfy.state().kind === kind);

describe("a ComfyUI that somebody else keeps", () => {
  it("is waited for, and waited for again when it goes away", async () => {
    stub.up = false;
    comfy.start();
    await until("it was looked for", () => lines.length > 0);
    expect(comfy.state()).toEqual({
      kind: "starting",
      detail: expect.stringMatching(/^waiting for ComfyUI at http:\S+: it does not answer \(\w/) as string,
    });
    stub.up = true;
    await comfy.whenUp(never);
    stub.up = false;
    await stateIs("starting");
    stub.up = true;
    await stateIs("up");
    expect(lines.map(({ msg }) => msg)).toEqual([
      ...["comfyui cannot be used", "comfyui is up", "comfyui cannot be used", "comfyui is up"],
    ]);
  });

  it("is given no job while it goes on with a prompt that it was told to stop", async () => {
    comfy.start();
    await stateIs("up");
    stub.active.add("p1");
    expect(comfy.free("p1")).toBe(false);
    const detail = `ComfyUI at ${stub.url} goes on with prompt p1, which it was told to stop`;
    expect(comfy.state()).toEqual({ kind: "starting", detail });
    stub.forget();
    await comfy.whenUp(never);
    expect(lines.map(({ reason }) => reason)).toEqual([undefined, detail, undefined]);
  });

  it("goes on with its prompt when the gateway stops, and the next one takes the result", async () => {
    const gateway = await startGateway({
      settings: (settings) => ({ ...settings, comfy: { ...settings.comfy, process: null } }),
    });
    try {
      const id = await gateway.run({ prompt: "fog" });
      await until("the job runs", () => gateway.comfy.active.size === 1);
      await gateway.restart();
      expect((await gateway.job(id)).state).toBe("running");
      drawPictures(gateway.comfy);
      const [submission] = gateway.comfy.submissions;
      if (submission !== undefined) gateway.comfy.onPrompt?.(submission);
      await gateway.jobIn("completed", id);
      expect(gateway.comfy.submissions).toHaveLength(1);
      expect(gateway.comfy.requests.filter((request) => /cancel|interrupt/.test(request))).toEqual([]);
    } finally {
      await gateway.stop();
    }
  });
});
