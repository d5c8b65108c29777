import { spawn } from "node:child_process";
import type { Context } from "../../context.ts";
import { openClient } from "../../endpoint.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";

/** Opens the page of an endpoint on which its workflow can be run, in the browser when a person asks. */
export async function run(context: Context, appId: string): Promise<ExitCode> {
  const { output } = context;
  const client = await openClient(context, appId);
  const url = `${client.url}/`;
  const opened = output.forPeople && (await openInBrowser(context, url));
  output.result({ app_id: appId, url }, () => [opened ? `${output.strong(url)} is open in your browser` : url]);
  return exitCodes.done;
}

const openers: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ["open"],
  win32: ["explorer.exe"],
};

// A browser that goes on running is one that opened.
const patienceMs = 2000;

/** @returns false when there is no browser to be had */
function openInBrowser({ env }: Context, url: string): Promise<boolean> {
  const [command = "", ...args] = openers[process.platform] ?? ["xdg-open"];
  return new Promise((resolve) => {
    const child = spawn(command, [...args, url], { detached: true, stdio: "ignore", env });
    const done = (opened: boolean): void => {
      clearTimeout(timer);
      child.unref();
      resolve(opened);
    };
    const timer = setTimeout(() => done(true), patienceMs);
    child.once("error", () => done(false));
    child.once("exit", (code) => done(code === 0));
  });
}
