import { describe, expect, it } from "vitest";
import { FlagError, help, readFlags } from "../../gateway/flags.ts";

describe("the gateway's flags", () => {
  it("are taken with a space or with =, the last of a name winning", () => {
    expect(
      readFlags(["--listen-host", "127.0.0.1", "--contract-path=c.json", "--app-id", "a", "--listen-host", "::1"]),
    ).toEqual({ "listen-host": "::1", "contract-path": "c.json", "app-id": "a" });
    expect(readFlags([])).toEqual({});
  });

  it.each([[["--help"]], [["-h"]], [["--app", "app.json", "--help"]]])("ask for help: %j", (words) => {
    expect(readFlags(words)).toBeUndefined();
  });

  const there =
    "there are --app, --contract-path, --workflow-path, --comfy-url, --comfy-folder, --listen-host, --listen-port, --state-db, --app-id";
  it.each([
    [
      ["--api-key", "secret"],
      "--api-key would show the key to everybody who lists processes; set COMFY_ENDPOINTS_API_KEY in the environment",
    ],
    [["--contract", "c.json"], `--contract is not a flag of the gateway; ${there}`],
    [["contract.json"], `contract.json is not a flag; ${there}`],
    [["--app"], "--app lacks its value"],
    [["--app", "--comfy-url"], "--app lacks its value"],
    [["--app="], "--app lacks its value"],
  ])("are refused in one line: %j", (words, message) => {
    expect(() => readFlags(words)).toThrow(new FlagError(message));
  });

  it("are all told by the help", () => {
    expect(help).toContain("  --comfy-url URL       a ComfyUI that runs already (http://127.0.0.1:8188)\n");
    expect(help).not.toContain("--api-key");
  });
});
