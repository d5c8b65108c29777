/** Ruff over the Python nodes, rules and format; a part of `npm run check`. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { nodePackages } from "./nodes.ts";
import { NoPython } from "./packages.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const ruff = join(await nodePackages(), "bin/ruff");
    const codes = [["check"], ["format", "--check"]].map(
      (args) => spawnSync(ruff, [...args, "--no-cache", "--quiet"], { stdio: "inherit" }).status,
    );
    return codes.every((code) => code === 0) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof NoPython)) throw error;
    console.log(`skipped: ${error.message}`);
    return (process.env["CI"] ?? "") === "" ? 0 : 1;
  }
}
