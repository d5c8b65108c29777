// Run as a process of its own by download.js: installs the engine into the folder that is its argument.
import { PulumiCommand } from "@pulumi/pulumi/automation/index.js";

try {
  // The version is that of the package, which is pinned to the engine's.
  await PulumiCommand.install({ root: process.argv[2] });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
