import { join } from "node:path";
import { pythonPackages } from "./packages.ts";

/**
 * What the Python nodes are checked and tested with.
 * @returns the folder that Python finds it in
 * @throws {NoPython} where it cannot be had
 */
export const nodePackages = (): Promise<string> =>
  pythonPackages("python-nodes", join(import.meta.dirname, "nodes.txt"));
