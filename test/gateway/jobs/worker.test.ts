import { expect, it } from "vitest";
import { ComfyGivenUp } from "../../../gateway/comfy/server.ts";
import { createWorker, type WorkerOptions } from "../../../gateway/jobs/worker.ts";
import { createLog } from "../../../gateway/log.ts";
import { until } from "../../support/until.ts";

it("a worker whose ComfyUI was given up says so once, and leaves the queue as it is", async () => {
  const lines: string[] = [];
  let asked = 0;
  const worker = createWorker({
    jobs: {} as WorkerOptions["jobs"],
    runner: {} as WorkerOptions["runner"],
    leftovers: { add: () => undefined, clear: () => Promise.resolve() },
    comfyUp: () => {
      asked++;
      return Promise.reject(new ComfyGivenUp("ComfyUI does not start any more: it ended with code 3"));
    },
    ...{ comfyOutlives: false, bootedFrom: 0, log: createLog((line) => lines.push(line)) },
  });
  worker.start({} as Parameters<typeof worker.start>[0]);
  await until("it says so", () => lines.length > 0);
  worker.wake();
  await worker.stop();
  expect([lines.length, asked]).toEqual([1, 1]);
  expect(lines[0]).toMatch(/"reason":"ComfyUI does not start any more.*"msg":"no more jobs are run"/);
});
