import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lockImage } from "../../../../providers/image/lifecycle/lock.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "image-lock-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lock = (imageRef: string, signal?: AbortSignal) => {
  let waits = 0;
  const unlock = lockImage(imageRef, { folder, onWait: () => (waits += 1), ...(signal && { signal }) });
  return { unlock, waits: () => waits };
};

describe("the lock of an image on this machine", () => {
  it("is held by one at a time, and given to whoever waits", async () => {
    const first = await lock("r/a:1").unlock;
    const second = lock("r/a:1");
    await expect.poll(second.waits).toBe(1);
    let isHeld = false;
    const held = second.unlock.then(() => (isHeld = true));
    // Another image is nobody else's matter.
    (await lock("r/b:1").unlock)();
    expect(isHeld).toBe(false);
    first();
    await held;
    (await second.unlock)();
    // Twice is as good as once.
    first();
  });

  it("is free when its holder was killed", async () => {
    const module = join(import.meta.dirname, "../../../../providers/image/lifecycle/lock.ts");
    const program = `const { lockImage } = await import(${JSON.stringify(module)});
      await lockImage("r/c:1", { folder: ${JSON.stringify(folder)}, onWait: () => undefined });
      process.stdout.write("held");
      setInterval(() => undefined, 1000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    const next = lock("r/c:1");
    await expect.poll(next.waits).toBe(1);
    holder.kill("SIGKILL");
    (await next.unlock)();
  });

  it("is no longer waited for when told so", async () => {
    const unlock = await lock("r/d:1").unlock;
    const interruption = new AbortController();
    const second = lock("r/d:1", interruption.signal);
    await expect.poll(second.waits).toBe(1);
    interruption.abort(new Error("enough"));
    await expect(second.unlock).rejects.toThrow();
    unlock();
  });
});
