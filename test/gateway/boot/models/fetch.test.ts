import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ModelProgress } from "../../../../contract/api.ts";
import { modelBytes, serve, sha256Of } from "../../../support/model-server.ts";
import { modelArtifact, useServerAndVolume } from "../../../support/models.ts";
import { until } from "../../../support/until.ts";

const bytes = modelBytes(3 * 1024 ** 2 + 12_345);
const used = useServerAndVolume({ bytes });

const path = (target = "checkpoints/m.safetensors"): string => join(used.volume.root, target);
const artifact = (fields: Record<string, unknown> = {}) => modelArtifact(used.server.url("/m"), fields);
const parts = (): string[] => readdirSync(join(used.volume.root, ".comfy-endpoints/incoming"));

describe("a model", () => {
  it("lies whole in its place, fetched in parts, and nothing is left beside it", async () => {
    await used.volume.bring([artifact({ sha256: sha256Of(bytes), size_bytes: bytes.length })]);
    expect(readFileSync(path()).equals(bytes)).toBe(true);
    expect(used.server.sentBytes()).toBe(bytes.length);
    expect(used.server.requests.length).toBeGreaterThan(10);
    expect(parts()).toEqual([]);
  });

  it("that is there is not asked for again, nor hashed", async () => {
    await used.volume.bring([artifact()]);
    used.server.requests.length = 0;
    await used.volume.bring([artifact()]);
    expect(used.server.requests).toEqual([]);
  });

  it("of a server that gives no parts is fetched whole", async () => {
    used.server.files.set("/m", { bytes, ranges: false });
    await used.volume.bring([artifact()]);
    expect(readFileSync(path()).equals(bytes)).toBe(true);
  });

  it("of a server that says no size is fetched whole", async () => {
    used.server.onRequest = (_request, response) => {
      response.writeHead(200, { "content-type": "application/octet-stream" });
      response.end(bytes);
      return true;
    };
    await used.volume.bring([artifact({ sha256: sha256Of(bytes) })]);
    expect(readFileSync(path()).equals(bytes)).toBe(true);
  });

  it.each([true, false])("goes on where the server breaks off at 60 % (parts: %s)", async (ranges) => {
    used.server.files.set("/m", { bytes, ranges });
    let breaks = 0;
    used.server.onRequest = ({ range }, response) => {
      const asked = ranges ? range : { from: 0, to: bytes.length };
      const length = (asked?.to ?? 0) - (asked?.from ?? 0);
      if (range?.to === 1 || breaks >= 3) return false;
      breaks++;
      const cut = bytes.subarray(asked?.from, (asked?.from ?? 0) + Math.floor(length * 0.6));
      response.writeHead(ranges ? 206 : 200, {
        "content-length": length,
        ...(ranges && { "content-range": `bytes ${range?.from}-${(range?.to ?? 0) - 1}/${bytes.length}` }),
      });
      response.write(cut, () => response.destroy());
      return true;
    };
    await used.volume.bring([artifact({ sha256: sha256Of(bytes) })]);
    expect(breaks).toBe(3);
    expect(readFileSync(path()).equals(bytes)).toBe(true);
    expect(used.volume.log.filter(({ msg }) => msg === "model is tried again")).toHaveLength(3);
  });

  it("survives answers that pass: 429 with a time to wait, 503, a lost connection", async () => {
    let faults = 0;
    used.server.onRequest = (_request, response) => {
      faults++;
      if (faults === 2) response.writeHead(429, { "retry-after": "0" }).end();
      else if (faults === 4) response.writeHead(503).end();
      else if (faults === 6) response.destroy();
      else return false;
      return true;
    };
    await used.volume.bring([artifact()]);
    expect(readFileSync(path()).equals(bytes)).toBe(true);
  });

  it("is begun anew when it becomes another file meanwhile", async () => {
    const other = modelBytes(bytes.length, "other");
    let looks = 0;
    used.server.onRequest = ({ range }, response) => {
      if (range?.to === 1) looks++;
      const changed = looks > 1 || used.server.requests.length > 5;
      serve({ bytes: changed ? other : bytes, headers: { etag: changed ? '"2"' : '"1"' } }, range, response);
      return true;
    };
    await used.volume.bring([artifact()]);
    expect(readFileSync(path()).equals(other)).toBe(true);
  });

  it("is looked up again when the address behind a redirect has expired", async () => {
    let signed = 0;
    used.server.onRequest = ({ path: asked, range }, response) => {
      if (asked === "/m") {
        response.writeHead(302, { location: `/signed?${++signed}` }).end();
      } else if (asked === "/signed?1" && used.server.requests.length > 4) {
        response.writeHead(403).end("expired");
      } else {
        serve({ bytes }, range, response);
      }
      return true;
    };
    await used.volume.bring([artifact()]);
    expect([readFileSync(path()).equals(bytes), signed]).toEqual([true, 2]);
  });

  it("tells how far it is, with its size, and at last that it is ready", async () => {
    used.server.files.set("/m", { bytes, bytesPerSecond: 400_000 });
    await used.volume.bring([artifact()]);
    const models = used.volume.news.flatMap(({ models: [model] = [] }) => (model === undefined ? [] : [model]));
    const between = models.filter(
      ({ state, bytes: done }) => state === "downloading" && done > 0 && done < bytes.length,
    );
    expect(between.length).toBeGreaterThan(0);
    expect(
      between.some(({ bytes_per_second, eta_seconds }) => (bytes_per_second ?? 0) > 0 && eta_seconds !== null),
    ).toBe(true);
    expect(used.volume.news.some(({ detail, progress = 0 }) => detail === "m.safetensors" && progress > 0)).toBe(true);
    expect(models.at(-1)).toEqual({
      ...{ name: "checkpoints/m.safetensors", state: "ready", bytes: bytes.length, size: bytes.length },
      ...{ bytes_per_second: null, eta_seconds: null },
    } satisfies ModelProgress);
  });
});

describe("several models", () => {
  it("come at the same time, whatever the workflow refers to", async () => {
    const open: string[] = [];
    let most = 0;
    used.server.onRequest = ({ path: asked, range }, response) => {
      open.push(asked);
      most = Math.max(most, new Set(open).size);
      response.on("close", () => open.splice(open.indexOf(asked), 1));
      serve({ bytes: modelBytes(600_000, asked), bytesPerSecond: 1_000_000 }, range, response);
      return true;
    };
    const names = ["a", "b", "c", "d"];
    await used.volume.bring(
      names.map((name) => modelArtifact(used.server.url(`/${name}`), { target_subdir: `x/${name}` })),
    );
    for (const name of names) {
      expect(readFileSync(path(`x/${name}/m.safetensors`)).equals(modelBytes(600_000, `/${name}`))).toBe(true);
    }
    expect(most).toBeGreaterThan(1);
  });
});

describe("what lies in a model's place already", () => {
  it("is left alone when it is what was declared", async () => {
    mkdirSync(path("checkpoints"), { recursive: true });
    writeFileSync(path(), bytes);
    await used.volume.bring([artifact({ sha256: sha256Of(bytes) })]);
    expect(used.server.sentBytes()).toBe(0);
  });

  it("is taken as it is when its source cannot be asked", async () => {
    mkdirSync(path("checkpoints"), { recursive: true });
    writeFileSync(path(), "by hand");
    used.server.onRequest = (_request, response) => {
      response.writeHead(404).end();
      return true;
    };
    await used.volume.bring([artifact()]);
    expect(readFileSync(path(), "utf8")).toBe("by hand");
  });

  it.each<[string, Record<string, unknown>]>([
    ["it has another hash", { sha256: sha256Of(bytes) }],
    ["its source has another size", {}],
  ])("is replaced when %s", async (_, fields) => {
    mkdirSync(path("checkpoints"), { recursive: true });
    writeFileSync(path(), "half of it");
    await used.volume.bring([artifact(fields)]);
    expect(readFileSync(path()).equals(bytes)).toBe(true);
  });

  it("is replaced when the app declares another source", async () => {
    await used.volume.bring([artifact()]);
    const other = modelBytes(1000, "other");
    used.server.files.set("/other", { bytes: other });
    await used.volume.bring([modelArtifact(used.server.url("/other"))]);
    expect(readFileSync(path()).equals(other)).toBe(true);
  });

  it("is replaced when somebody changed it", async () => {
    await used.volume.bring([artifact()]);
    writeFileSync(path(), "changed");
    await used.volume.bring([artifact()]);
    expect(readFileSync(path()).equals(bytes)).toBe(true);
  });

  it("is not hashed to its end when the gateway stops", async () => {
    mkdirSync(path("checkpoints"), { recursive: true });
    writeFileSync(path(), "");
    // Nobody hashes that within the time of a test.
    truncateSync(path(), 2 ** 40);
    used.server.onRequest = (_request, response) => {
      response.writeHead(404).end();
      return true;
    };
    const stopping = new AbortController();
    const stopped = used.volume.bring([artifact({ sha256: sha256Of(bytes) })], {}, stopping.signal);
    await until("it is looked at", () => used.volume.log.some(({ msg }) => msg === "model is taken as it is"));
    stopping.abort();
    await expect(stopped).rejects.toThrow();
  });

  it("never leads out of the models folder by a link on the volume", async () => {
    const outside = join(used.volume.folder, "outside");
    mkdirSync(outside);
    mkdirSync(used.volume.root, { recursive: true });
    symlinkSync(outside, path("checkpoints"));
    const { reason } = await used.volume.failure([artifact({ target_path: "deep/m.safetensors" })]);
    expect(reason).toContain(`lies outside the models folder: a link leads to ${outside}`);
    expect([readdirSync(outside), existsSync(path())]).toEqual([[], false]);
    expect(statSync(used.volume.root).isDirectory()).toBe(true);
  });
});
