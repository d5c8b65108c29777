import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { contractDocument } from "../../support/apps.ts";
import { type CendWithEndpoints, cendWithEndpoints } from "../../support/cend-endpoints.ts";
import { type GatewayDouble, startGatewayDouble } from "../../support/gateway-double.ts";

let cards: GatewayDouble;
let faces: GatewayDouble;
let one: CendWithEndpoints;
let two: CendWithEndpoints;
let withDead: CendWithEndpoints;
let stranger: CendWithEndpoints;
// Nobody listens there.
const dead = "http://127.0.0.1:2";
beforeAll(async () => {
  [cards, faces] = await Promise.all([
    startGatewayDouble(contractDocument, "key-1"),
    startGatewayDouble(contractDocument, "key-1"),
  ]);
  one = cendWithEndpoints({ cards: cards.url }, "key-1");
  two = cendWithEndpoints({ cards: cards.url, faces: faces.url }, "key-1");
  withDead = cendWithEndpoints({ cards: cards.url, gone: dead }, "key-1");
  stranger = cendWithEndpoints({ cards: cards.url, faces: faces.url }, "wrong");
});
afterAll(async () => {
  for (const run of [one, two, withDead, stranger]) run.remove();
  await Promise.all([cards.close(), faces.close()]);
});

const id = (digit: string): string => `fid_${digit.repeat(32)}`;
const file = (text: string, name: string | null = null, createdAt = "2026-01-01T00:00:00+00:00") => ({
  ...{ bytes: Buffer.from(text), mediaType: "image/png", name, createdAt },
});
beforeEach(() => {
  for (const gateway of [cards, faces]) {
    gateway.files.clear();
    gateway.requests = [];
    gateway.queries = [];
  }
  cards.files.set(id("a"), file("one", "first.png", "2026-01-01T00:00:00+00:00"));
  faces.files.set(id("b"), file("two", null, "2026-01-02T00:00:00+00:00"));
});
const unreachable = (path: string) =>
  expect.stringMatching(new RegExp(`^GET ${dead}${path} got no answer: .*ECONNREFUSED`)) as string;

describe("cend files list", () => {
  it("gives one endpoint's page as it is, filtered by the endpoint", async () => {
    const flags = ["--media-type", "image/png", "--source", "generated", "--app-id-filter", "x", "--cursor", "7"];
    const { code, stdout } = await two.cend("files", "list", "--app-id", "cards", "--limit", "3", ...flags);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      items: [expect.objectContaining({ file_id: id("a"), original_name: "first.png" })],
      next_cursor: null,
    });
    expect(cards.queries).toEqual(["?limit=3&cursor=7&media_type=image%2Fpng&source=generated&app_id=x"]);
  });

  it("merges the lists of all endpoints, newest first, each file once, and cuts them to the limit", async () => {
    faces.files.set(id("a"), file("one", "first.png"));
    const { stdout } = await two.cend("files", "list");
    const { items, ...rest } = JSON.parse(stdout) as { items: { file_id: string }[] };
    expect(items.map((item) => item.file_id)).toEqual([id("b"), id("a")]);
    expect(rest).toEqual({});
    expect(JSON.parse((await two.cend("files", "list", "--limit", "1")).stdout)).toMatchObject({
      items: [{ file_id: id("b") }],
    });
  });

  it("reports an endpoint that is dead beside the files of the others", async () => {
    const { code, stdout, stderr } = await withDead.cend("files", "list");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      items: [expect.objectContaining({ file_id: id("a") })],
      errors: [{ app_id: "gone", error: unreachable("/files\\?limit=50") }],
    });
    expect(stderr).toMatch(/^gone: GET http:\/\/127\.0\.0\.1:2\/files\?limit=50 got no answer: .*\n$/);
  });

  it("ends with 4 when every endpoint refuses the key, and still tells which ones", async () => {
    const { code, stdout } = await stranger.cend("files", "list");
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ items: [], errors: [{ app_id: "cards" }, { app_id: "faces" }] });
    expect(await stranger.cend("files", "get", id("a"))).toMatchObject({ code: 4, stdout: "" });
  });

  it("takes a cursor for one endpoint only, and only numbers as a limit", async () => {
    expect(await two.cend("files", "list", "--cursor", "7")).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: --cursor goes on with one endpoint's list; say whose with --app-id\n",
    });
    expect((await two.cend("files", "list", "--limit", "0")).code).toBe(2);
    expect((await two.cend("files", "list", "--source", "made")).code).toBe(2);
  });
});

describe("cend files get", () => {
  it("finds a file on whichever endpoint has it, though another is dead", async () => {
    expect(JSON.parse((await two.cend("files", "get", id("b"))).stdout)).toMatchObject({ file_id: id("b") });
    expect(JSON.parse((await withDead.cend("files", "get", id("a"))).stdout)).toMatchObject({ file_id: id("a") });
  });

  it("says that nobody has it, or that not everybody could be asked", async () => {
    expect(await two.cend("files", "get", id("c"))).toEqual({
      code: 3,
      stdout: "",
      stderr: `error: no endpoint has the file ${id("c")}; asked were cards, faces\n`,
    });
    const unsure = await withDead.cend("files", "get", id("c"));
    expect(unsure.code).toBe(1);
    expect(unsure.stderr).toMatch(
      /^error: the file fid_c+ was not found, but not every endpoint answered:\n {2}gone: GET /,
    );
  });
});

describe("cend files download", () => {
  it("writes the file whole, over one that is there, and tells what it wrote", async () => {
    writeFileSync(join(two.folder, "b.png"), "old");
    const { code, stdout } = await two.cend("files", "download", id("b"), "--out", "b.png");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      file_id: id("b"),
      out: join(two.folder, "b.png"),
      content_type: "image/png",
      content_length: "3",
    });
    expect(readFileSync(join(two.folder, "b.png"), "utf8")).toBe("two");
  });

  it("names the file in a folder as it is called, never by a path that somebody else chose", async () => {
    cards.files.set(id("d"), file("evil", "..\\..\\../evil.png"));
    mkdirSync(join(two.folder, "out"));
    for (const digit of ["a", "b", "d"]) await two.cend("files", "download", id(digit), "--out", "out");
    // A folder that is yet to be made, when its name ends as one.
    await two.cend("files", "download", id("a"), "--out", "new/out/");
    expect(readdirSync(join(two.folder, "new/out"))).toEqual(["first.png"]);
    expect(readdirSync(join(two.folder, "out")).sort()).toEqual(["evil.png", `${id("b")}.png`, "first.png"]);
  });

  it("wants to know where to", async () => {
    const { code, stderr } = await two.cend("files", "download", id("b"));
    expect(code).toBe(2);
    expect(stderr).toContain("error: required option '--out <path>' not specified\n");
  });
});

describe("cend files upload", () => {
  it("sends a file with its name and a type that its name tells, labeled with its app", async () => {
    writeFileSync(join(one.folder, "nächt.jpeg"), "a picture");
    const { code, stdout } = await one.cend("files", "upload", "--in", "nächt.jpeg");
    expect(code).toBe(0);
    const { file_id } = JSON.parse(stdout) as { file_id: string };
    expect(cards.files.get(file_id)).toMatchObject({
      ...{ bytes: Buffer.from("a picture"), mediaType: "image/jpeg", name: "nächt.jpeg", appId: "cards" },
    });
  });

  it("takes the type and the name that it is told", async () => {
    writeFileSync(join(two.folder, "data"), "bytes");
    const flags = ["--media-type", "video/mp4", "--file-name", "clip.mp4", "--app-id", "faces"];
    const { stdout } = await two.cend("files", "upload", "--in", "data", ...flags);
    const { file_id } = JSON.parse(stdout) as { file_id: string };
    expect(faces.files.get(file_id)).toMatchObject({ mediaType: "video/mp4", name: "clip.mp4", appId: "faces" });
  });

  it("asks which endpoint is meant, and refuses what is no file with something in it", async () => {
    writeFileSync(join(two.folder, "empty.png"), "");
    writeFileSync(join(two.folder, "full.png"), "x");
    const upload = (path: string) => two.cend("files", "upload", "--in", path);
    expect(await upload("full.png")).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: say with --app-id which endpoint the file is for: cards, faces\n",
    });
    expect((await upload("empty.png")).stderr).toBe(
      `error: --in is ${join(two.folder, "empty.png")}; that file is empty\n`,
    );
    expect((await upload("gone.png")).stderr).toBe(
      `error: --in is ${join(two.folder, "gone.png")}; there is no such file\n`,
    );
    expect((await upload(".")).stderr).toBe(`error: --in is ${two.folder}; that is not a file\n`);
  });
});
