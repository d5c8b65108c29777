import { basename, dirname } from "node:path";
import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { type ProjectOptions, type PulumiCli, pulumiCli } from "./pulumi-cli.ts";

/** A Pulumi project in a state folder: its program lies elsewhere, everything it writes lies there. */
export interface Project {
  workspace: LocalWorkspace;
  cli: PulumiCli;
}

/** Opens the state folder as a Pulumi project, and makes it one when it is new. */
export async function openProject(options: ProjectOptions): Promise<Project> {
  const cli = pulumiCli(options);
  const workspace = await LocalWorkspace.create({
    workDir: cli.folder,
    pulumiCommand: await PulumiCommand.get(installation(cli.command)),
    // Node takes an undefined variable out of the child's environment; the type does not know that.
    envVars: cli.env as Record<string, string>,
  });
  return { workspace, cli };
}

/** The Automation API looks for `<root>/bin/pulumi`; a Pulumi that lies otherwise was found on PATH. */
const installation = (pulumi: string) =>
  basename(dirname(pulumi)) === "bin" ? { root: dirname(dirname(pulumi)) } : {};
