import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { contractDocument } from "../../support/apps.ts";
import { type CendWithEndpoints, cendWithEndpoints } from "../../support/cend-endpoints.ts";
import { type GatewayDouble, startGatewayDouble } from "../../support/gateway-double.ts";

const input = (name: string, type: string, more: object = {}) => ({
  ...{ name, type, required: false, node_id: "1" },
  ...more,
});
const contract = {
  ...contractDocument,
  inputs: [
    input("prompt", "string", { description: "What the picture shows" }),
    input("steps", "integer", { default: 4 }),
    input("style", "string", { enum: ["oil paint", "ink"] }),
    input("tiled", "boolean"),
    input("start", "image/png"),
  ],
};

let gateway: GatewayDouble;
let run: CendWithEndpoints;
beforeAll(async () => {
  gateway = await startGatewayDouble(contract, "key-1");
  // Nobody listens at the other one.
  run = cendWithEndpoints({ cards: gateway.url, gone: "http://127.0.0.1:2" }, "key-1");
});
afterAll(async () => {
  run.remove();
  await gateway.close();
});
beforeEach(() => {
  gateway.requests = [];
});

const picture = `fid_${"a".repeat(32)}`;

async function candidates(...typed: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run.cend("__complete", "--", ...typed);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.split("\n").slice(0, -1);
}
const words = async (...typed: string[]) => (await candidates(...typed)).map((line) => line.split("\t")[0]);

describe("cend __complete", () => {
  it("tells commands with what they do, and the apps that are short for invoke", async () => {
    expect(await candidates("in")).toContain(
      "invoke\trun a deployed app's workflow; `invoke <app_id> --help` tells its inputs",
    );
    expect(await words("")).toEqual(expect.arrayContaining(["deploy", "files", "cards", "gone"]));
    expect(await words("")).not.toContain("__complete");
    expect(await words("files", "d")).toEqual(["download"]);
  });

  it("tells flags of the command, global ones, and none a second time", async () => {
    expect(await words("files", "list", "--s")).toEqual(["--source", "--state-dir"]);
    expect(await words("files", "list", "--source", "uploaded", "--so")).toEqual([]);
  });

  it("tells values: choices, apps, and that files may stand there", async () => {
    expect(await words("files", "list", "--source", "g")).toEqual(["generated"]);
    expect(await words("files", "list", "--source=g")).toEqual(["--source=generated"]);
    // As bash takes the words apart.
    expect(await words("files", "list", "--source", "=", "")).toEqual(["uploaded", "generated"]);
    expect(await words("files", "list", "--source", "=")).toEqual(["uploaded", "generated"]);
    expect(await words("files", "list", "--app-id", "c")).toEqual(["cards"]);
    expect(await words("validate", "")).toEqual([":files"]);
    expect(await words("files", "upload", "--in", "pic")).toEqual([":files"]);
    expect(await words("completion", "z")).toEqual(["zsh"]);
  });

  it("tells the flags and values of an app's contract, and asks for it once", async () => {
    const flags = ["prompt", "steps", "style", "tiled", "start-file", "start-id"].map((name) => `--input-${name}`);
    expect(new Set(await words("cards", "--input-"))).toEqual(new Set([...flags, "--input-json"]));
    expect(await candidates("invoke", "cards", "--input-p")).toEqual(["--input-prompt\tWhat the picture shows"]);
    expect(await words("invoke", "cards", "--input-style", "")).toEqual(["oil paint", "ink"]);
    expect(await words("invoke", "cards", "--input-tiled", "t")).toEqual(["true"]);
    expect(await words("invoke", "cards", "--input-steps=")).toEqual(["--input-steps=4"]);
    expect(await words("invoke", "cards", "--input-start-file", "")).toEqual([":files"]);
    expect(await words("invoke", "cards", "--input-prompt", "fog", "--input-p")).toEqual([]);
    expect(await words("invoke", "cards", "--input-prompt", "fog", "")).toContain("--wait");
    expect(gateway.requests).toEqual(["GET /contract"]);
    expect(existsSync(join(run.folder, "state/contracts/cards.json"))).toBe(true);
  });

  it("tells ids of jobs and files", async () => {
    gateway.files.set(picture, { bytes: Buffer.from("x"), mediaType: "image/png", name: "harbor.png" });
    expect(await words("jobs", "get", "cards", "")).toEqual(["job1"]);
    expect(await candidates("files", "get", "")).toEqual([`${picture}\tharbor.png`]);
    expect(await words("cards", "--input-start-id", "fid_")).toEqual([picture]);
  });

  it("says nothing when the endpoint does not answer", async () => {
    expect(await words("gone", "--input-")).toEqual(["--input-json"]);
    expect(await words("jobs", "get", "gone", "")).toEqual([]);
  });
});

it("prints a script for each shell, and knows no other", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    expect(await run.cend("completion", shell)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("__complete") as string,
    });
  }
  expect((await run.cend("completion", "tcsh")).code).toBe(2);
});
