import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { localPodEnv, podPaths, podPorts } from "../../contract/pod-env.ts";
import { createComfyUi, previewMethods } from "./comfyui.ts";

const prefix = process.env[localPodEnv.pathPrefix] ?? "";
const folder = (name: string) => join(prefix, podPaths.comfy, name);
const ports = Object.fromEntries(
  (process.env[localPodEnv.ports] ?? "").split(",").map((pair) => pair.split(":", 2) as [string, string | undefined]),
);

const { values: flags } = parseArgs({ options: { "preview-method": { type: "string", default: "none" } } });
const previewMethod = previewMethods.find((method) => method === flags["preview-method"]);
if (previewMethod === undefined) throw new Error(`--preview-method takes ${previewMethods.join(", ")}`);

const comfyUi = createComfyUi({
  folders: { output: folder("output"), input: folder("input"), temp: folder("temp") },
  argv: process.argv.slice(1),
  previewMethod,
});
const listening = await comfyUi.listen(Number(ports[podPorts.comfyui] ?? podPorts.comfyui));
// Written now, for it may be killed: the next start, in the next pod, is quicker.
flushCompileCache();
console.log(`To see the GUI go to: ${listening.url}`);

void listening.ended.then(() => process.exit(1));
process.on("SIGTERM", () => process.exit(0));
process.on("SIGINT", () => process.exit(0));

// In a real container nothing outlives the first process; here a stand-in left alone has to see to that itself.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
}, 500).unref();
