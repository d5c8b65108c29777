import * as pulumi from "@pulumi/pulumi";
import { ComfyEndpoint } from "comfy-endpoints";

const us = new ComfyEndpoint("us", { app: "cards/us.json" });
const eu = new ComfyEndpoint("eu", { app: "cards/eu.json" });

export const usUrl = us.endpointUrl;
export const usKey = us.apiKey;
export const euUrl = eu.endpointUrl;
export const euKey = eu.apiKey;

interface Addresses {
  us: string;
  eu: string;
}

/** Keeps `addresses.json`, from which a client takes the endpoint that is near. */
class AddressBookProvider implements pulumi.dynamic.ResourceProvider {
  async create({ us, eu }: Addresses) {
    const { writeFile } = await import("node:fs/promises");
    await writeFile("addresses.json", JSON.stringify({ us, eu }));
    return { id: "addresses.json", outs: { us, eu } };
  }
  async update(_id: string, _before: Addresses, addresses: Addresses) {
    return this.create(addresses);
  }
  async delete(file: string) {
    const { rm } = await import("node:fs/promises");
    await rm(file, { force: true });
  }
}

/** A resource of this program's own. */
class AddressBook extends pulumi.dynamic.Resource {
  constructor(name: string, addresses: pulumi.Inputs) {
    super(new AddressBookProvider(), name, addresses);
  }
}

// An address is known once its endpoint answers, so the file is written after that.
new AddressBook("addresses", { us: us.endpointUrl, eu: eu.endpointUrl });
