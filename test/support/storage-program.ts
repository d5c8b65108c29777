import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

const program = `
import * as pulumi from "@pulumi/pulumi";
import { NetworkVolume } from "${root}/providers/network-volume.ts";
import { Owner } from "${root}/providers/owner.ts";
import { RegistryAuth } from "${root}/providers/registry-auth.ts";

const config = new pulumi.Config("comfy-endpoints");
const owner = new Owner("owner");
const volume = new NetworkVolume("models", {
  ownerSeed: owner.seed,
  volumeName: config.get("volumeName"),
  dataCenter: config.require("dataCenter"),
  sizeGb: config.requireNumber("sizeGb"),
});
const auth = new RegistryAuth("ghcr", { ownerSeed: owner.seed, username: "me", password: config.require("password") });

export const volumeId = volume.volumeId;
export const volumeName = volume.name;
export const sizeGb = volume.sizeGb;
export const registryAuthId = auth.registryAuthId;
`;

/** Writes a Pulumi program with a network volume and a registry credential into a new folder; returns the folder. */
export function writeStorageProgram(): string {
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-storage-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/comfy-endpoints"));
  symlinkSync(join(root, "node_modules/@pulumi"), join(folder, "node_modules/@pulumi"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, "index.ts"), program);
  const runtime = "runtime: {name: nodejs, options: {typescript: false}}";
  writeFileSync(join(folder, "Pulumi.yaml"), `name: storage\nmain: index.ts\n${runtime}\n`);
  return folder;
}
