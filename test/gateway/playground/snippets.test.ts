import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { curl, python, pythonLiteral, shellWord, typescript } from "../../../gateway/playground/page/form/snippets.js";
import { needsProgram } from "../../support/needs-program.ts";

const hostile = {
  prompt: `it's "quoted" \`rm -rf ~\` $(id) $HOME \\ %s !! \${1} </script><img src=x onerror=alert(1)>\n\u2028\u0000"""'''`,
  steps: 8,
  strength: 1e-7,
  upscale: false,
  options: { nothing: null, list: [true, -0.5, "a", {}, []] },
  '"; import os; os.abort() #': "'",
};

/** An endpoint that ends a job at the second question, and what it was asked. */
let server: Server;
let base: string;
let folder: string;
let asked: { request: string; key: string | undefined; body: unknown }[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-snippets-"));
  server = createServer((request, response) => {
    void request.toArray().then((chunks) => {
      const text = Buffer.concat(chunks as Buffer[]).toString();
      const key = request.headers["x-api-key"];
      asked.push({
        request: `${request.method} ${request.url}`,
        key: String(key),
        body: text === "" ? undefined : JSON.parse(text),
      });
      const isRun = request.method === "POST";
      const job = { job_id: "j1", state: isRun ? "queued" : "completed", output: { result: { seen: "yes" } } };
      response.writeHead(isRun ? 202 : 200, { "content-type": "application/json" }).end(JSON.stringify(job));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/it's`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program; answers what it printed. */
const run = async (program: string, args: string[]): Promise<string> => {
  asked = [];
  const env = { PATH: process.env["PATH"], COMFY_ENDPOINTS_API_KEY: "the key" };
  return (await promisify(execFile)(program, args, { env })).stdout;
};
const sent = { request: expect.stringMatching(/^POST \/it's\/run/) as string, key: "the key", body: hostile };
const polled = { request: "GET /it's/jobs/j1?wait=60", key: "the key", body: undefined };

describe("a run as code", () => {
  it("is a command for a shell, whatever is in it", async (context) => {
    needsProgram(context, "curl");
    const output = await run("sh", ["-c", curl({ base, inputs: hostile })]);
    expect(JSON.parse(output)).toMatchObject({ job_id: "j1" });
    expect(asked).toEqual([sent]);
  });

  it("is a program in TypeScript that waits for the result", async () => {
    const path = join(folder, "run.mts");
    writeFileSync(path, typescript({ base, inputs: hostile }));
    expect(await run(process.execPath, [path])).toContain("{ seen: 'yes' }");
    expect(asked).toEqual([sent, polled]);
  });

  it("is a program in Python that waits for the result", async (context) => {
    needsProgram(context, "python3");
    expect(await run("python3", ["-c", python({ base, inputs: hostile })])).toContain("{'seen': 'yes'}");
    expect(asked).toEqual([sent, polled]);
  });

  it("never holds a key", () => {
    for (const code of [curl, typescript, python]) {
      expect(code({ base, inputs: {} })).toMatch(/\$COMFY_ENDPOINTS_API_KEY|(env\.|environ\[")COMFY_ENDPOINTS_API_KEY/);
    }
  });
});

describe("quoting", () => {
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom("'", '"', "\\", "$", "`", "\n", "!"), fc.string({ unit: "grapheme", maxLength: 1 })),
  });

  it("keeps any text one word for a shell", () => {
    // An argument holds no NUL.
    const words = fc.sample(text, 300).map((each) => each.replaceAll("\0", ""));
    const output = execFileSync("sh", ["-c", `printf '%s\\0' ${words.map(shellWord).join(" ")}`], { encoding: "utf8" });
    expect(output.split("\0").slice(0, -1)).toEqual(words);
  });

  it("makes of any JSON the same value in Python", (context) => {
    needsProgram(context, "python3");
    const values = fc.sample(fc.oneof(fc.jsonValue(), text), 300);
    const code = `import json\nprint(json.dumps(${pythonLiteral(values)}))`;
    const output = execFileSync("python3", ["-c", code.replaceAll("\0", "\\0")], { encoding: "utf8" });
    expect(JSON.parse(output)).toEqual(JSON.parse(JSON.stringify(values)));
  });
});
