import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { contractDocument } from "./apps.ts";

// A program with one resource, whose behavior the app's env decides, and the outputs of a real endpoint.
const program = `
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";

class NoteProvider {
  async create({ behavior, folder }) {
    const { existsSync, writeFileSync } = await import("node:fs");
    if (behavior === "refuse") throw new Error("no room for the note\\n  neither here nor there");
    if (behavior === "wait") {
      writeFileSync(folder + "/waiting", "");
      while (!existsSync(folder + "/go")) await new Promise((wake) => setTimeout(wake, 20));
    }
    return { id: "note-1", outs: {} };
  }
}
class Note extends pulumi.dynamic.Resource {
  constructor(name, args) { super(new NoteProvider(), name, args, {}, "comfy-endpoints", "Note"); }
}

const { app_id, env } = JSON.parse(readFileSync(new pulumi.Config("comfy-endpoints").require("app"), "utf8"));
if (env.BEHAVIOR === "stop") { const error = new Error("the app is not to our taste"); error.stack = ""; throw error; }
// What it is told by that a stack holds an endpoint.
new pulumi.ComponentResource("comfy-endpoints:index:ComfyEndpoint", "endpoint", {}, {});
const note = new Note("note", { behavior: env.BEHAVIOR, folder: import.meta.dirname });

export const endpointUrl = note.id.apply((id) => env.ENDPOINT_URL ?? "https://" + id + "." + app_id + ".example");
export const apiKey = pulumi.secret("key-in-clear");
export const podId = "pod1";
export const imageRef = "example/golden:1";
export const gpuType = "NVIDIA L4";
export const dataCenter = "US-KS-2";
export const costPerHour = 0.44;
export const contract = ${JSON.stringify(contractDocument)};
`;

/** Writes a Pulumi program that rents nothing into a new folder; returns its path. */
export function writeTinyProgram(folder: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "index.ts"), program);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  symlinkSync(resolve(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
  return join(folder, "index.ts");
}
