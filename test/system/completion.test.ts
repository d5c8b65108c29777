import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { contractDocument } from "../support/apps.ts";
import { type GatewayDouble, startGatewayDouble } from "../support/gateway-double.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { openTerminal, type Terminal, terminalTrouble } from "../support/terminal.ts";

const main = join(import.meta.dirname, "../../cli/main.ts");
const shells = {
  bash: "bash --noprofile --rcfile rc -i",
  zsh: "zsh --no-rcs -i",
  fish: "fish --no-config -i",
};
type Shell = keyof typeof shells;

let folder: string;
let gateway: GatewayDouble;
let env: Record<string, string | undefined>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "completion-"));
  const style = { name: "style", type: "string", required: false, node_id: "1", enum: ["oil paint", "ink"] };
  gateway = await startGatewayDouble({ ...contractDocument, inputs: [...contractDocument.inputs, style] }, "key-1");
  // What is completed is told, and not done.
  const real = `exec "${process.execPath}" "${main}" --state-dir state "$@"`;
  const told = `printf 'ran'; printf ' [%s]' "$@"; echo`;
  writeFileSync(join(folder, "cend"), `#!/bin/sh\ncase $1 in __complete | completion) ${real} ;; esac\n${told}\n`);
  chmodSync(join(folder, "cend"), 0o755);
  writeFileSync(join(folder, "rc"), "PS1='$ '\n");
  writeFileSync(join(folder, "a picture.png"), "");
  env = {
    ...pulumiEnv(folder),
    ...{ HOME: folder, PATH: `${folder}:${process.env["PATH"] ?? ""}` },
    ...{ COMFY_ENDPOINTS_API_KEY: "key-1", COMFY_ENDPOINTS_URL_CARDS: gateway.url },
  };
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

async function openShell(context: TestContext, shell: Shell): Promise<Terminal> {
  const missing = spawnSync(shell, ["--version"]).error === undefined ? terminalTrouble() : `${shell} is missing`;
  if (missing !== undefined) context.skip(missing);
  const terminal = openTerminal(shells[shell], { cwd: folder, env });
  terminal.type(shell === "fish" ? "cend completion fish | source\n" : `source <(cend completion ${shell})\n`);
  terminal.type("echo rea''dy\n");
  await terminal.shows("ready");
  return terminal;
}

describe.each(["bash", "zsh", "fish"] as const)("completion in %s", (shell) => {
  it("completes commands, flags of the contract, values, and files", async (context) => {
    const terminal = await openShell(context, shell);
    try {
      terminal.type("cend validate-\t\n");
      await terminal.shows("ran [validate-artifacts]\n");
      terminal.type("cend cards --input-st\t\n");
      await terminal.shows("ran [cards] [--input-style]\n");
      terminal.type("cend cards --input-style o\t\n");
      await terminal.shows("ran [cards] [--input-style] [oil paint]\n");
      terminal.type("cend files upload --in a\t\n");
      await terminal.shows("ran [files] [upload] [--in] [a picture.png]\n");
      terminal.type("cend files list --source=g\t\n");
      await terminal.shows("ran [files] [list] [--source=generated]\n");
    } finally {
      // It writes its history before it is gone.
      terminal.type("\nexit\n");
      await terminal.ended();
    }
    expect(gateway.requests).toContain("GET /contract");
  });
});
