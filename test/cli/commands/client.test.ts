import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CendWithEndpoints, cendWithEndpoints } from "../../support/cend-endpoints.ts";
import { apiKey, drawPictures, png, startGateway, type TestGateway } from "../../support/gateway.ts";

const run = promisify(execFile);
const tsc = resolve(import.meta.dirname, "../../../node_modules/typescript/bin/tsc");

let gateway: TestGateway;
let cend: CendWithEndpoints;
beforeAll(async () => {
  gateway = await startGateway();
  drawPictures(gateway.comfy);
  cend = cendWithEndpoints({ cards: gateway.url }, apiKey);
});
afterAll(async () => {
  cend.remove();
  await gateway.stop();
});

const settings = () => JSON.stringify({ url: gateway.url, apiKey });

describe("cend client", () => {
  it("writes TypeScript that is strict, and runs a job", async () => {
    const { code, stdout } = await cend.cend("client", "typescript", "cards", "--out", "api/cards.ts");
    expect({ code, out: (JSON.parse(stdout) as { out: string }).out }).toEqual({
      ...{ code: 0, out: join(cend.folder, "api/cards.ts") },
    });
    writeFileSync(
      join(cend.folder, "use.ts"),
      `import { EndpointClient, EndpointError } from "./api/cards.ts";
const client = new EndpointClient(${settings()});
const { image } = await client.run({ prompt: "fog" });
const bytes = await (await client.download(image)).arrayBuffer();
const { original_name } = await client.upload(new Uint8Array(bytes), "image/png", "höhle.png");
// @ts-expect-error The contract knows no such input.
const wrong = await client.run({ promt: "fog" }).catch((error: unknown) => error);
console.log(JSON.stringify([bytes.byteLength, original_name, wrong instanceof EndpointError && wrong.status]));
`,
    );
    writeFileSync(join(cend.folder, "package.json"), '{"type": "module"}');
    const flags = ["--noEmit", "--strict", "--target", "es2023", "--module", "nodenext", "--lib", "es2023,dom"];
    const checks = ["--allowImportingTsExtensions", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes"];
    const compiled = run(process.execPath, [tsc, ...flags, ...checks, "use.ts"], { cwd: cend.folder });
    expect(await compiled.catch((error: unknown) => error)).toMatchObject({ stdout: "" });
    const used = await run(process.execPath, ["use.ts"], { cwd: cend.folder });
    expect(JSON.parse(used.stdout)).toEqual([png.length, "höhle.png", 400]);
  });

  it("writes Python that runs a job with nothing but its standard library", async (context) => {
    const python = await run("python3", ["--version"]).catch(() => undefined);
    if (python === undefined) context.skip("python3 is missing");
    const { code, stdout } = await cend.cend("client", "python", "cards");
    expect(code).toBe(0);
    writeFileSync(join(cend.folder, "cards.py"), stdout);
    writeFileSync(
      join(cend.folder, "use.py"),
      `import json
from cards import EndpointClient, EndpointError, RunInputs
given = json.loads(${JSON.stringify(settings())})
client = EndpointClient(given["url"], given["apiKey"])
inputs: RunInputs = {"prompt": "fog"}
image = client.run(inputs)["image"]
content = client.download(image)
name = client.upload(content, "image/png", "höhle.png")["original_name"]
try:
    client.run({"promt": "fog"})
except EndpointError as error:
    print(json.dumps([len(content), name, error.status, sorted(RunInputs.__required_keys__)]))
`,
    );
    const used = await run("python3", ["use.py"], { cwd: cend.folder });
    expect(JSON.parse(used.stdout)).toEqual([png.length, "höhle.png", 400, ["prompt"]]);
  });

  it("writes nothing for an endpoint that is not there, and for a language that it does not speak", async () => {
    expect((await cend.cend("client", "typescript", "faces", "--out", "faces.ts")).code).toBe(3);
    expect(existsSync(join(cend.folder, "faces.ts"))).toBe(false);
    expect((await cend.cend("client", "cobol", "cards")).code).toBe(2);
  });
});

it("escapes what a contract says, in both languages", async () => {
  const { typeScriptTypes } = await import("../../../cli/api-client/typescript.ts");
  const { pythonTypes } = await import("../../../cli/api-client/python.ts");
  const schema = {
    type: "object",
    description: 'ends */ here """',
    properties: { "a-b": { enum: ["x", 1.5] }, flag: { const: true } },
    required: ["a-b"],
  };
  const types = new Map([["T", schema]]);
  expect(typeScriptTypes(types)).toBe(
    '/** ends * / here """ */\nexport type T = {\n  "a-b": "x" | 1.5;\n  flag?: true;\n};\n',
  );
  expect(pythonTypes(types)).toContain('"a-b": float');
  expect(pythonTypes(types)).toContain('"flag": Literal[True]');
  expect(pythonTypes(types)).toContain('    "ends */ here \\"\\"\\""\n');
});
