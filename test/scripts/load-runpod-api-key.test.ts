import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const script = join(import.meta.dirname, "../../scripts/load_runpod_api_key.sh");
const folder = mkdtempSync(join(tmpdir(), "keychain-"));
// A keychain with one entry, which tells nothing but its password.
writeFileSync(
  join(folder, "security"),
  '#!/bin/sh\n[ "$*" = "find-generic-password -w -a me -s COMFY_ENDPOINTS_RUNPOD_API_KEY" ] || exit 44\necho "key with spaces"\n',
);
chmodSync(join(folder, "security"), 0o755);

const source = (env: Record<string, string>) => {
  const command = `set -eu; . "${script}" || echo "status $?"; echo "<\${RUNPOD_API_KEY:-}>"; sh -c 'echo "child <\${RUNPOD_API_KEY:-}>"'`;
  const { stdout, stderr } = spawnSync("/bin/bash", ["--norc", "--noprofile", "-c", command], {
    env,
    encoding: "utf8",
  });
  return { lines: stdout.trim().split("\n"), stderr };
};

describe("load_runpod_api_key.sh", () => {
  it("exports the keychain's key to the shell that sources it", () => {
    const { lines, stderr } = source({ PATH: `${folder}:/usr/bin:/bin`, USER: "me" });
    expect([lines, stderr]).toEqual([["<key with spaces>", "child <key with spaces>"], ""]);
  });

  it("leaves a key that is set", () => {
    expect(source({ PATH: `${folder}:/usr/bin:/bin`, USER: "me", RUNPOD_API_KEY: "mine" }).lines[0]).toBe("<mine>");
  });

  it.each([
    ["the keychain has no such entry", { COMFY_ENDPOINTS_RUNPOD_KEYCHAIN_ACCOUNT: "you" }, 'of account "you"; add it'],
    ["another entry is named", { COMFY_ENDPOINTS_RUNPOD_KEYCHAIN_SERVICE: "OTHER" }, 'no password "OTHER"'],
  ])("says what to do when %s, and leaves the shell running", (_, env, message) => {
    const { lines, stderr } = source({ PATH: `${folder}:/usr/bin:/bin`, USER: "me", ...env });
    expect(lines).toEqual(["status 1", "<>", "child <>"]);
    expect(stderr).toContain(message);
  });

  it("says where else the key may be put on a machine without a keychain", () => {
    const { lines, stderr } = source({ PATH: "/usr/bin:/bin", USER: "me" });
    expect(lines[0]).toBe("status 1");
    expect(stderr).toBe("error: there is no macOS keychain here; set RUNPOD_API_KEY, or write it to .env.local\n");
  });
});
