import { expect, it } from "vitest";
import { createSweeper } from "../../../gateway/files/sweeper.ts";
import { createLog } from "../../../gateway/log.ts";
import { until } from "../../support/until.ts";

it("files are swept again and again, whatever goes wrong, until it is stopped", async () => {
  const lines: string[] = [];
  let sweeps = 0;
  let signal: AbortSignal | undefined;
  const files = {
    sweep: (abort: AbortSignal) => {
      signal = abort;
      return ++sweeps === 2 ? Promise.reject(new Error("disk is gone")) : Promise.resolve();
    },
  };
  const sweeper = createSweeper(
    files,
    createLog((line) => lines.push(line)),
    1,
  );
  sweeper.start();
  await until("it swept three times", () => sweeps >= 3);
  await sweeper.stop();
  const swept = sweeps;
  expect(signal?.aborted).toBe(true);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: "error", msg: "files not swept", error: "disk is gone" },
  ]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(sweeps).toBe(swept);
});
