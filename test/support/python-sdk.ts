import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pythonPackages } from "../../scripts/python/packages.ts";

/** What came of a call: what it returned, or the class and text of what it raised. */
export type SdkAnswer = { result: unknown } | { error: string; message: string };

/** RunPod's own Python SDK in a process. */
export interface PythonSdk {
  /** @param key null for none */
  call(name: string, args?: object, key?: string | null): Promise<SdkAnswer>;
  stop(): void;
}

const programs = join(import.meta.dirname, "../programs");

/**
 * Puts the SDK into the user's cache, when it is not there yet.
 * @returns the folder that Python finds it in
 * @throws {NoPython} without Python 3.10, pip, or PyPI
 */
export const installPythonSdk = (): Promise<string> => pythonPackages("python-sdk", join(programs, "runpod_sdk.txt"));

/**
 * @param packages what `installPythonSdk` gave
 * @param baseUrl the one thing that is changed for it
 * @param home holds no settings of the SDK's, which would bring a key of its own
 */
export function startPythonSdk(packages: string, baseUrl: string, home: string): PythonSdk {
  const child = spawn("python3", ["-s", join(programs, "runpod_sdk.py")], {
    env: { PATH: process.env["PATH"] ?? "", HOME: home, PYTHONPATH: packages, RUNPOD_API_BASE_URL: baseUrl },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    call: async (name, args = {}, key = "local-key") => {
      child.stdin.write(`${JSON.stringify({ function: name, arguments: args, key })}\n`);
      const line = await lines.next();
      if (line.done) throw new Error(`the SDK ended at ${name}`);
      return JSON.parse(line.value) as SdkAnswer;
    },
    stop: () => void child.kill(),
  };
}
