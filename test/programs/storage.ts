/** A program with a network volume and a registry credential. */
import { readFileSync } from "node:fs";
import { NetworkVolume, type NetworkVolumeArgs } from "../../providers/network-volume.ts";
import { Owner } from "../../providers/owner.ts";
import { RegistryAuth, type RegistryAuthArgs } from "../../providers/registry-auth.ts";

const inputs = JSON.parse(readFileSync(process.env["TEST_INPUTS_FILE"] ?? "", "utf8")) as NetworkVolumeArgs &
  RegistryAuthArgs;
const { volumeName: wantedName, dataCenter, sizeGb: wantedGb, authName, username, password } = inputs;

const { seed: ownerSeed } = new Owner("owner");
const models = new NetworkVolume("models", { ownerSeed, volumeName: wantedName, dataCenter, sizeGb: wantedGb });
const ghcr = new RegistryAuth("ghcr", { ownerSeed, authName, username, password });

export const { volumeId, sizeGb, name: volumeName } = models;
export const { registryAuthId } = ghcr;
