import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createClient } from "../../cli/client.ts";
import { saveResults } from "../../cli/invoke/results.ts";
import type { Job } from "../../contract/api.ts";
import { contractDocument } from "../support/apps.ts";
import { startGatewayDouble } from "../support/gateway-double.ts";

it("saves the media a job made under the output's name and the job's id, and numbers several", async () => {
  const gateway = await startGatewayDouble(contractDocument, "key-1");
  const folder = mkdtempSync(join(tmpdir(), "results-"));
  const id = (digit: string) => `fid_${digit.repeat(32)}`;
  gateway.files.set(id("a"), { bytes: Buffer.from("one"), mediaType: "image/jpeg", name: null });
  gateway.files.set(id("b"), { bytes: Buffer.from("two"), mediaType: "application/octet-stream", name: null });
  gateway.files.set(id("c"), { bytes: Buffer.from("three"), mediaType: "audio/x-wav; rate=1", name: null });
  const { signal } = new AbortController();
  const client = createClient({ url: gateway.url, apiKey: "key-1", keyRemedy: "", userAgent: "test", signal });
  const job: Pick<Job, "job_id" | "output"> = {
    job_id: "0123456789abcdef",
    output: {
      prompt_id: "p",
      status: "completed",
      result: { image: id("a"), parts: [id("b"), id("c")], note: id("a") },
    },
  };
  try {
    const outputs = [
      { name: "image", type: "image/png", node_id: "1" },
      { name: "parts", type: "file/bin", node_id: "2" },
      { name: "note", type: "string", node_id: "3" },
      { name: "lost", type: "image/png", node_id: "4" },
    ];
    const target = join(folder, "new");
    expect(await saveResults(client, outputs, job, target)).toEqual([
      { name: "image", path: join(target, "image-01234567.jpg"), size_bytes: 3 },
      { name: "parts", path: join(target, "parts-01234567-1.bin"), size_bytes: 3 },
      { name: "parts", path: join(target, "parts-01234567-2.wav"), size_bytes: 5 },
    ]);
    expect(readFileSync(join(target, "parts-01234567-2.wav"), "utf8")).toBe("three");
  } finally {
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
