import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import type { Access } from "../../local/welcome.ts";
import { until } from "../support/until.ts";
import { repository } from "./support/processes.ts";

it("what npm runs ends when npm is told to", async () => {
  const npm = spawn("npm", ["run", "--silent", "local", "--", "--port", "0", "--json"], {
    cwd: repository,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(npm, "exit");
  const [line] = (await once(npm.stdout, "data")) as [Buffer];
  const { apiBaseUrl } = JSON.parse(line.toString()) as Access;
  const serves = (): Promise<boolean> =>
    fetch(`${apiBaseUrl}/local`).then(
      (answer) => answer.ok,
      () => false,
    );
  expect(await serves()).toBe(true);
  npm.kill("SIGTERM");
  await ended;
  await until("the local RunPod is gone", async () => !(await serves()));
});
