import { once } from "node:events";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { engineGone, exitAfterEngine, runCanceled } from "../../../../providers/runpod/engine/engine-alive.ts";

describe("the engine, seen from a provider process", () => {
  it("is there while it listens, and gone afterwards", async () => {
    const engine = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(engine, "listening");
    const address = `127.0.0.1:${(engine.address() as AddressInfo).port}`;
    expect(await engineGone(address)).toBe(false);
    engine.close();
    await once(engine, "close");
    expect(await engineGone(address)).toBe(true);
  });

  it.each([undefined, "", "run", "--port=127.0.0.1:1", "10.0.0.1:1", "127.0.0.1:999999"])(
    "is not gone where the last argument, %j, names none",
    async (address) => {
      expect(await engineGone(address)).toBe(false);
    },
  );

  it("is named by the last argument of a provider process, and of no other", async () => {
    const { argv } = process;
    expect(await engineGone()).toBe(false);
    process.argv = ["node", "/lib/pulumi/cmd/dynamic-provider/index.js", "127.0.0.1:1"];
    expect(await engineGone()).toBe(true);
    process.argv = ["node", "/lib/cli/main.ts", "status", "127.0.0.1:1"];
    expect(await engineGone()).toBe(false);
    process.argv = argv;
  });

  it("is followed by the process, once", async () => {
    const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
    exitAfterEngine(10);
    exitAfterEngine(10);
    expect(exit).not.toHaveBeenCalled();
    await sleep(100);
    expect(exit.mock.calls).toEqual([[1]]);
    exit.mockRestore();
  });

  it("is looked after by the process, which ends some time after it", async () => {
    vi.resetModules();
    const { followEngine } = await import("../../../../providers/runpod/engine/engine-alive.ts");
    const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
    const engine = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(engine, "listening");
    followEngine(`127.0.0.1:${(engine.address() as AddressInfo).port}`, 10, 10);
    await sleep(100);
    expect(exit).not.toHaveBeenCalled();
    engine.close();
    await expect.poll(() => exit.mock.calls).toEqual([[1]]);
    exit.mockRestore();
  });

  it("tells of an interrupted run by the request that Pulumi makes then", async () => {
    const provider = createHttp2Server((_, response) => response.end()).listen(0, "127.0.0.1");
    await once(provider, "listening");
    const client = connectHttp2(`http://127.0.0.1:${(provider.address() as AddressInfo).port}`);
    const call = async (method: string) => {
      const request = client.request({ ":method": "POST", ":path": `/pulumirpc.ResourceProvider/${method}` });
      await once(request.resume(), "end");
      return runCanceled();
    };
    expect(await call("Create")).toBe(false);
    expect(await call("Cancel")).toBe(true);
    client.close();
    provider.close();
  });
});
