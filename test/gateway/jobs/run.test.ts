import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { workflowContractSchema } from "../../../contract/workflow-contract.ts";
import { createComfyClient } from "../../../gateway/comfy/client.ts";
import { type Database, openDatabase } from "../../../gateway/db.ts";
import { createDiskFileStore } from "../../../gateway/files/disk-store.ts";
import { createOutputs } from "../../../gateway/jobs/outputs.ts";
import { createJobRunner, type JobRunnerOptions } from "../../../gateway/jobs/run.ts";
import type { RunningJob } from "../../../gateway/jobs/store.ts";
import { createWatch } from "../../../gateway/jobs/watch.ts";
import { createLog } from "../../../gateway/log.ts";
import { contractDocument, workflowDocument } from "../../support/apps.ts";
import { type ComfyStub, createComfyStub } from "../../support/comfyui.ts";

const workflow = { prompt: workflowDocument.prompt, contract: workflowContractSchema.parse(contractDocument) };
const job: RunningJob = {
  ...{ id: "j1", state: "running", inputs: { prompt: "x" }, result: null, error: null },
  ...{ promptId: "5a6f0c1e-9c0e-4d5f-8a51-9a1f0b5b6c7d", cancelRequested: false, attempts: 1 },
  ...{ sequence: 1, priority: 0, createdAt: "2026-01-01T00:00:00.000Z", startedAt: "2026-01-01T00:00:01.000Z" },
  ...{ finishedAt: null, bootMs: 0 },
};
const never = new AbortController().signal;

let folder: string;
let database: Database;
let comfy: ComfyStub;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-run-"));
  database = openDatabase(join(folder, "jobs.db"));
  comfy = await createComfyStub();
});
afterEach(async () => {
  await comfy.close();
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const runner = (options: Partial<JobRunnerOptions> = {}): ReturnType<typeof createJobRunner> => {
  const client = createComfyClient(comfy.url);
  const files = createDiskFileStore(database, join(folder, "files"));
  return createJobRunner({
    client,
    watch: createWatch(client, { pollMs: 10 }),
    tracker: { begin: () => undefined, end: () => undefined },
    files,
    outputs: createOutputs({ client, files, appId: null }),
    clientId: "c",
    timeoutMs: null,
    freeComfy: () => true,
    log: createLog(() => undefined),
    ...options,
  });
};

describe("a job in ComfyUI", () => {
  it("that does not stop when its time is over costs ComfyUI its life", async () => {
    comfy.deaf = true;
    let restarts = 0;
    const freeComfy = (): boolean => {
      restarts++;
      comfy.forget();
      return true;
    };
    const outcome = await runner({ timeoutMs: 20, stopGraceMs: 20, freeComfy }).run(workflow, job, false, never);
    expect(outcome).toEqual({ kind: "failed", error: `PROMPT_TIMEOUT:history_not_terminal:${job.promptId}` });
    expect(restarts).toBe(1);
  });

  it("that does not stop fails all the same where ComfyUI cannot be ended", async () => {
    comfy.deaf = true;
    const freed: string[] = [];
    const freeComfy = (promptId: string): boolean => {
      freed.push(promptId);
      return false;
    };
    const outcome = await runner({ timeoutMs: 20, stopGraceMs: 20, freeComfy }).run(workflow, job, false, never);
    expect(outcome).toEqual({ kind: "failed", error: `PROMPT_TIMEOUT:history_not_terminal:${job.promptId}` });
    expect(freed).toEqual([job.promptId]);
    expect([...comfy.active]).toEqual([job.promptId]);
  });

  it.each([true, false])(
    "that was canceled and does not stop is given up in the end (ComfyUI ends: %s)",
    async (ends) => {
      comfy.deaf = true;
      const freed: string[] = [];
      const freeComfy = (promptId: string): boolean => {
        freed.push(promptId);
        if (ends) comfy.forget();
        return ends;
      };
      const { run, cancel } = runner({ cancelGraceMs: 20, freeComfy });
      comfy.onPrompt = () => void cancel(job.promptId);
      expect(await run(workflow, job, false, never)).toMatchObject({ kind: "lost" });
      expect(freed).toEqual([job.promptId]);
    },
  );

  it("that ends in the moment its time is over has its result", async () => {
    comfy.deaf = true;
    comfy.onPrompt = ({ id }) => setTimeout(() => comfy.finish(id, {}), 60);
    const outcome = await runner({ timeoutMs: 30 }).run(workflow, job, false, never);
    expect(outcome).toEqual({ kind: "failed", error: "MISSING_ARTIFACTS:image" });
  });

  it("is taken although the answer to its submission was lost", async () => {
    comfy.cutAnswer = true;
    comfy.onPrompt = ({ id }) => comfy.finish(id, {});
    expect(await runner().run(workflow, job, false, never)).toEqual({
      kind: "failed",
      error: "MISSING_ARTIFACTS:image",
    });
    expect(comfy.submissions).toHaveLength(1);
  });

  it("that was canceled on its way there is stopped once it has arrived", async () => {
    const { run, cancel } = runner();
    comfy.onPrompt = undefined;
    comfy.refuse = () => {
      void cancel(job.promptId);
      return undefined;
    };
    const outcome = await run(workflow, job, false, never);
    expect(outcome).toEqual({ kind: "failed", error: "PROMPT_FAILED:interrupted" });
  });

  it("is lost when ComfyUI dies while its picture is fetched", async () => {
    comfy.onPrompt = ({ id }) =>
      comfy.finish(id, { "3": { images: [{ filename: "half.png", subfolder: "", type: "output" }] } });
    expect(await runner().run(workflow, job, false, never)).toMatchObject({
      kind: "lost",
      reason: expect.stringContaining("ComfyUI does not answer") as string,
    });
  });

  it("fails when the file it wants was removed meanwhile", async () => {
    const contract = workflowContractSchema.parse({
      ...contractDocument,
      inputs: [{ name: "photo", type: "image/png", required: true, node_id: "1" }],
    });
    const inputs = { photo: `fid_${"0".repeat(32)}` };
    expect(await runner().run({ ...workflow, contract }, { ...job, inputs }, false, never)).toEqual({
      kind: "failed",
      error: "VALIDATION_ERROR:file_not_found:photo",
    });
    expect(comfy.submissions).toEqual([]);
  });
});
