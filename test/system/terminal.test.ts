import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { contractDocument } from "../support/apps.ts";
import { type GatewayDouble, startGatewayDouble } from "../support/gateway-double.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { openTerminal, type Terminal, terminalTrouble } from "../support/terminal.ts";
import { until } from "../support/until.ts";

const main = join(import.meta.dirname, "../../cli/main.ts");
const picture = `fid_${"a".repeat(32)}`;

let folder: string;
let gateway: GatewayDouble;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "terminal-"));
  gateway = await startGatewayDouble(contractDocument, "key-1");
  gateway.files.set(picture, { bytes: Buffer.from("a picture"), mediaType: "image/png", name: null });
});
beforeEach(() => {
  gateway.requests = [];
  gateway.states = ["queued"];
  gateway.result = { image: picture };
  gateway.openStream = state("queued");
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const event = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
const state = (of: string): string => event("state", { job_id: "job1", state: of, at: "2026-01-01T00:00:00Z" });

function cend(context: TestContext, words: string): Terminal {
  const trouble = terminalTrouble();
  if (trouble !== undefined) context.skip(trouble);
  return openTerminal(`"${process.execPath}" "${main}" --state-dir state ${words}`, {
    cwd: folder,
    env: {
      ...pulumiEnv(folder),
      PATH: `${folder}:${process.env["PATH"] ?? ""}`,
      COMFY_ENDPOINTS_API_KEY: "key-1",
      COMFY_ENDPOINTS_URL_CARDS: gateway.url,
    },
  });
}

describe("cend on a terminal", () => {
  it("shows a job's place in the queue, its node and the time in one line, and where it saved what it made", async (context) => {
    const terminal = cend(context, "cards --input-prompt fog --wait");
    await terminal.shows(/0:0\d {2}queued, number 1 in line/);
    gateway.states = ["completed"];
    const progress = { value: 0.42, node: "2", node_class: "KSampler", node_value: 12, node_max: 20 };
    gateway.endStream(state("running") + event("progress", progress));
    await terminal.shows(/0:0\d {2}running {2}42 % {2}KSampler 12\/20/);
    expect(await terminal.ended()).toBe(0);
    const [, path = ""] = /^image +(outputs\/image-[0-9a-f]{8}\.png) \(9 bytes\)$/m.exec(terminal.shown()) ?? [];
    expect(readFileSync(join(folder, path), "utf8")).toBe("a picture");
    expect(terminal.shown()).toMatch(/job +completed after \d/);
  });

  it("cancels the job at Ctrl-C", async (context) => {
    const terminal = cend(context, "cards --input-prompt fog --wait");
    await terminal.shows("queued");
    terminal.type("\x03");
    expect(await terminal.ended()).toBe(130);
    await until("it is canceled", () => gateway.requests.some((request) => request.endsWith("/cancel")));
    expect(terminal.shown()).toContain("interrupted; ending in order");
  });

  it("opens the playground in the browser, and tells its address", async (context) => {
    const opener = join(folder, "xdg-open");
    writeFileSync(opener, `#!/bin/sh\necho "$1" > '${join(folder, "opened")}'\n`, { mode: 0o755 });
    const terminal = cend(context, "open cards");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown()).toContain(`${gateway.url}/ is open in your browser`);
    expect(readFileSync(join(folder, "opened"), "utf8")).toBe(`${gateway.url}/\n`);
  });

  it("gives programs their document with --json", async (context) => {
    const terminal = cend(context, "--json files list");
    expect(await terminal.ended()).toBe(0);
    expect(JSON.parse(terminal.shown())).toMatchObject({ items: [{ file_id: picture }] });
  });

  it("shows people a table, and no stack when something is wrong", async (context) => {
    const table = cend(context, "files list");
    expect(await table.ended()).toBe(0);
    expect(table.shown()).toMatch(/^file +type +bytes +made +name$/m);
    const wrong = cend(context, "jobs get faces job1");
    expect(await wrong.ended()).toBe(3);
    expect(wrong.shown()).toBe('error: "faces" is not deployed; deploy it first: cend deploy <app.json>\n');
  });
});
