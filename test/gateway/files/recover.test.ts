import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { png, startGateway, type TestGateway } from "../../support/gateway.ts";
import { blobPath, storedFiles } from "../../support/stored-files.ts";

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.stop());

const at = (path: string): string => join(gateway.settings.state.files, path);
const onDisk = (): string[] => storedFiles(gateway.settings.state.files);

describe("a gateway that starts after a crash", () => {
  it("keeps files that are whole", async () => {
    const file = await gateway.upload(png, { "content-type": "image/png" });
    await gateway.restart();
    expect(await (await gateway.request(`/files/${file.file_id}`)).json()).toEqual(file);
    expect(onDisk()).toEqual([blobPath(file.sha256)]);
    expect(gateway.log.map(({ msg }) => msg)).not.toContain("files are gone from the disk");
  });

  it("forgets files whose bytes are gone, and says which", async () => {
    const gone = [await gateway.upload(Buffer.from("a")), await gateway.upload(Buffer.from("a"))];
    const kept = await gateway.upload(png);
    rmSync(at(blobPath(gone[0]?.sha256 ?? "")));
    // Before a restart as well, a download says so.
    expect((await gateway.request(gone[0]?.download_path ?? "")).status).toBe(404);
    await gateway.restart();
    const ids = gone.map(({ file_id }) => file_id);
    for (const id of ids) expect((await gateway.request(`/files/${id}`)).status).toBe(404);
    expect((await gateway.request(kept.download_path)).status).toBe(200);
    expect(gateway.log).toContainEqual(
      expect.objectContaining({
        level: "warn",
        msg: "files are gone from the disk",
        file_ids: expect.arrayContaining(ids) as string[],
      }),
    );
  });

  it("removes bytes that no file has, half uploads, and what jobs were lent that no longer run", async () => {
    const { sha256 } = await gateway.upload(png);
    const orphan = blobPath("ab".repeat(32));
    mkdirSync(at("blobs/ab"), { recursive: true });
    mkdirSync(at("inputs/0123"), { recursive: true });
    for (const path of [orphan, "incoming/half", "inputs/0123/fid.png"]) writeFileSync(at(path), "x");
    await gateway.restart();
    expect(onDisk()).toEqual([blobPath(sha256)]);
  });

  it("takes an upload whose bytes were there before", async () => {
    const { sha256 } = await gateway.upload(png);
    mkdirSync(at("blobs"), { recursive: true });
    await gateway.restart();
    expect((await gateway.upload(png)).sha256).toBe(sha256);
    expect(onDisk()).toEqual([blobPath(sha256)]);
  });
});

describe("an upload that cannot be stored", () => {
  it("is a fault of ours, and leaves nothing", async () => {
    rmSync(at("blobs"), { recursive: true });
    writeFileSync(at("blobs"), "no folder");
    const response = await gateway.request("/files", { method: "POST", body: new Uint8Array(png) });
    expect([response.status, await response.json()]).toEqual([500, { error: "internal_error" }]);
    expect(onDisk()).toEqual(["blobs"]);
  });
});
