import type { LookupAddress } from "node:dns";
import { publicInternet, type Reach } from "../../gateway/net/guarded-fetch.ts";

/** A little internet for tests: names with addresses of theirs, of which only 127.0.0.1 is "public". */
export interface LittleInternet {
  reach: Reach;
  /** What each look-up of a name finds, in turn; the last one stays. Names that are not here do not exist. */
  names: Map<string, string[][]>;
  /** Names that were looked up. */
  lookups: string[];
}

export function littleInternet(port: number): LittleInternet {
  const names = new Map<string, string[][]>([["files.test", [["127.0.0.1"]]]]);
  const lookups: string[] = [];
  const resolve = (host: string): Promise<LookupAddress[]> => {
    lookups.push(host);
    const turns = names.get(host);
    const found = turns !== undefined && turns.length > 1 ? turns.shift() : turns?.[0];
    if (found === undefined) return Promise.reject(new Error(`getaddrinfo ENOTFOUND ${host}`));
    return Promise.resolve(found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
  };
  const allows = (address: string): boolean => address === "127.0.0.1" || publicInternet.allows(address);
  return { names, lookups, reach: { protocols: ["http:", "https:"], ports: [port], allows, resolve } };
}
