import { flushCompileCache } from "node:module";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { localPodEnv, podPaths, podPorts } from "../../contract/pod-env.ts";
import { createComfyUi, previewMethods } from "./comfyui.ts";

const prefix = process.env[localPodEnv.pathPrefix] ?? "";
const folder = (name: string) => join(prefix, podPaths.comfy, name);
const ports = Object.fromEntries(
  (process.env[localPodEnv.ports] ?? "").split(",").map((pair) => pair.split(":", 2) as [string, string | undefined]),
);

// Those that the gateway starts ComfyUI with.
const { values: flags } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: ports[podPorts.comfyui] ?? String(podPorts.comfyui) },
    "output-directory": { type: "string", default: folder("output") },
    "input-directory": { type: "string", default: folder("input") },
    // The folder around the one for temporary files.
    "temp-directory": { type: "string", default: folder("") },
    "max-upload-size": { type: "string", default: "100" },
    "preview-method": { type: "string", default: "none" },
    // Neither is done anyway.
    "disable-auto-launch": { type: "boolean" },
    "disable-metadata": { type: "boolean" },
  },
});
if (flags.listen !== "127.0.0.1") throw new Error("--listen takes 127.0.0.1 alone");
const previewMethod = previewMethods.find((method) => method === flags["preview-method"]);
if (previewMethod === undefined) throw new Error(`--preview-method takes ${previewMethods.join(", ")}`);

const comfyUi = createComfyUi({
  folders: {
    output: resolve(flags["output-directory"]),
    input: resolve(flags["input-directory"]),
    temp: resolve(flags["temp-directory"], "temp"),
  },
  argv: process.argv.slice(1),
  maxUploadBytes: Number(flags["max-upload-size"]) * 1024 ** 2,
  previewMethod,
});
const listening = await comfyUi.listen(Number(flags.port));
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
