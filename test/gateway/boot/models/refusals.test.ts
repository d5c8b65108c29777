import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bytesLacking } from "../../../../gateway/boot/models/room.ts";
import { nobodyThere } from "../../../support/closed-port.ts";
import { modelBytes, serve, sha256Of } from "../../../support/model-server.ts";
import { modelArtifact, useServerAndVolume } from "../../../support/models.ts";

const bytes = modelBytes(700_000);
const used = useServerAndVolume({ bytes });

const artifact = (fields: Record<string, unknown> = {}) => modelArtifact(used.server.url("/m"), fields);
const isThere = (): boolean => existsSync(join(used.volume.root, "checkpoints/m.safetensors"));
const answer = (status: number, headers: Record<string, string> = {}): void => {
  used.server.onRequest = (_request, response) => {
    response.writeHead(status, headers).end("<html>");
    return true;
  };
};

describe("a model that cannot be had", () => {
  it.each<[number, string]>([
    [401, "give a source that needs no login"],
    [403, "give a source that needs no login"],
    [404, 'check "source_url"'],
    [410, 'check "source_url"'],
    [429, "try again later, or give another source"],
    [500, "try again later, or give another source"],
  ])("because its source answers %i, is named with that and a remedy", async (status, remedy) => {
    answer(status);
    const failure = await used.volume.failure([artifact()]);
    expect(failure).toMatchObject({
      stage: "model_resolution",
      reason: `checkpoints/m.safetensors cannot be fetched: ${used.server.url("/m")} answers ${status}`,
      remedy,
    });
    expect(used.server.requests.length).toBe(status === 429 || status === 500 ? 4 : 1);
    expect(isThere()).toBe(false);
  });

  it("is named with all others, and the secrets of no address are shown", async () => {
    answer(404);
    const failure = await used.volume.failure([
      modelArtifact(used.server.url("/a?token=hidden"), { target_path: "a" }),
      modelArtifact(used.server.url("/b?token=hidden"), { target_path: "b" }),
    ]);
    expect(failure.details).toEqual({
      unresolved_models: ["a", "b"].map((name) => ({
        ...{ filename: name, target: `checkpoints/${name}`, source_url: `${used.server.url(`/${name}`)}?…` },
        ...{ reason: `${used.server.url(`/${name}`)}?… answers 404`, remedy: 'check "source_url"' },
      })),
    });
    expect(JSON.stringify([failure, used.volume.log])).not.toContain("hidden");
  });

  it("because nobody answers, is tried again and named", async () => {
    const url = `${await nobodyThere()}/m`;
    const { reason, remedy } = await used.volume.failure([modelArtifact(url)]);
    expect(reason).toContain("ECONNREFUSED");
    expect(remedy).toBe("start the pod again, which goes on where this ended, or give another source");
  });

  it("because its source shows a web page, is no model", async () => {
    answer(200, { "content-type": "text/html; charset=utf-8" });
    const { detail } = await used.volume.failure([artifact()]);
    expect(detail).toBe(
      `checkpoints/m.safetensors cannot be fetched: ${used.server.url("/m")} answers with a web page; give the address of the file itself as "source_url"`,
    );
  });

  it.each([
    ["ftp://127.0.0.1/m", "ftp://127.0.0.1/m is no address"],
    ["not an address", '"not an address" is no address'],
  ])("because %s is no address of the web, is named", async (url, reason) => {
    expect((await used.volume.failure([modelArtifact(url)])).reason).toContain(reason);
  });

  it("because redirects go round in circles, is named", async () => {
    answer(302, { location: "/m" });
    expect((await used.volume.failure([artifact()])).reason).toContain("redirects more than 8 times");
  });
});

describe("a volume that cannot be written to", () => {
  it("is named, with what can be done about it", async () => {
    writeFileSync(used.volume.root, "a file");
    const { stage, reason, remedy } = await used.volume.failure([artifact()]);
    expect([stage, remedy]).toEqual(["models", "see to it that the gateway may write to the volume"]);
    expect(reason).toContain(`${used.volume.root}: it cannot be written: EEXIST`);
  });
});

describe("a model that is not what was declared", () => {
  it("by its size is refused before a byte is fetched", async () => {
    const { reason } = await used.volume.failure([artifact({ size_bytes: 5 })]);
    expect(reason).toBe("checkpoints/m.safetensors cannot be fetched: it has 700000 bytes, not 5");
    expect(used.server.sentBytes()).toBe(0);
  });

  it("by its hash is never put into its place", async () => {
    const wrong = sha256Of(Buffer.from("another file"));
    const { reason, remedy } = await used.volume.failure([artifact({ sha256: wrong })]);
    expect(reason).toBe(`checkpoints/m.safetensors cannot be fetched: its SHA-256 is ${sha256Of(bytes)}, not ${wrong}`);
    expect(remedy).toContain('"sha256"');
    expect([isThere(), readdirSync(join(used.volume.root, ".comfy-endpoints/incoming"))]).toEqual([false, []]);
  });

  it("because the bytes of an earlier try are damaged, is fetched anew", async () => {
    used.server.files.set("/m", { bytes: modelBytes(700_000, "damaged") });
    let asked = 0;
    used.server.onRequest = ({ range }, response) => {
      if (range?.to === 1 || ++asked < 2) return false;
      response.writeHead(404).end();
      return true;
    };
    await used.volume.failure([artifact({ sha256: sha256Of(bytes) })], { limits: { ...oneByOne } });
    used.server.files.set("/m", { bytes });
    used.server.onRequest = () => false;
    await used.volume.bring([artifact({ sha256: sha256Of(bytes) })]);
    expect(isThere()).toBe(true);
  });
});

const oneByOne = {
  ...{ connectionsPerModel: 1, pieceBytes: 64 * 1024, journalMs: 5 },
  retries: { tries: 2, firstPauseMs: 1, longestPauseMs: 1 },
};

describe("a server that lies", () => {
  it("of a larger size than it has, gives no model", async () => {
    used.server.onRequest = ({ range = { from: 0, to: 1 } }, response) => {
      const part = bytes.subarray(range.from, range.to);
      response.writeHead(206, { "content-range": `bytes ${range.from}-${range.to - 1}/${bytes.length + 9}` });
      response.end(part);
      return true;
    };
    expect((await used.volume.failure([artifact()])).reason).toContain("it stops after");
    expect(isThere()).toBe(false);
  });

  it("and sends more than it was asked for, gives no model", async () => {
    used.server.onRequest = ({ range = { from: 0, to: 1 } }, response) => {
      if (range.to === 1) return false;
      response.writeHead(206, { "content-range": `bytes ${range.from}-${range.to - 1}/${bytes.length}` });
      response.end(bytes);
      return true;
    };
    expect((await used.volume.failure([artifact()])).reason).toContain("it sends more bytes than it was asked for");
    expect(isThere()).toBe(false);
  });

  it("and sends another part than it was asked for, gives no model", async () => {
    used.server.onRequest = ({ range }, response) => {
      if (range === undefined || range.to === 1) return false;
      serve({ bytes }, { from: 0, to: range.to - range.from }, response);
      return true;
    };
    expect((await used.volume.failure([artifact()])).reason).toContain("and answers with bytes 0-");
    expect(isThere()).toBe(false);
  });
});

describe("the room on the volume", () => {
  it("is looked at before anything is fetched", async () => {
    used.server.onRequest = (_request, response) => {
      response.writeHead(206, { "content-range": "bytes 0-0/900000000000000" }).end("x");
      return true;
    };
    const { stage, reason, remedy } = await used.volume.failure([artifact()]);
    expect([stage, remedy]).toEqual([
      "models",
      "give the pod a larger volume, or remove models that no app needs (comfy-endpoints prune)",
    ]);
    expect(reason).toMatch(/^the models take 900000\.0 GB, and the volume has \d+\.\d GB free$/);
    expect(used.server.requests).toHaveLength(1);
  });

  const mib = 1024 ** 2;
  it.each([
    ["nothing to fetch needs none", 0, [], 0],
    [
      "all that lacks is counted, and a margin",
      100 * mib,
      [
        [80, 0],
        [20, 0],
      ],
      64 * mib,
    ],
    [
      "what is there of an earlier try is not",
      100 * mib,
      [
        [80, 70],
        [20, 0],
      ],
      0,
    ],
    ["a size that nobody knows is none", 100 * mib, [[undefined, 0]], 0],
  ] as [string, number, [number | undefined, number][], number][])("%s", (_, free, models, lacking) => {
    const counted = models.map(([size, begun]) => ({ size: size && size * mib, begun: begun * mib }));
    expect(bytesLacking(free, counted)).toBe(lacking);
  });
});
