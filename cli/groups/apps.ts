import type { Command } from "commander";
import type { InitOptions } from "../commands/apps/init.ts";
import type { Act } from "./group.ts";

/** Commands about the files of an app. */
export function addApps(program: Command, act: Act): void {
  program
    .command("init <dir>")
    .description("write a new app: a demo, or one from a workflow of yours")
    .option("--workflow <path>", "workflow in API or UI format; inputs, outputs and needed models are proposed from it")
    .option("--comfy-url <url>", "a ComfyUI that has the workflow's nodes, to ask what their values are called")
    .action((dir: string, options: InitOptions) =>
      act(async (context) => (await import("../commands/apps/init.ts")).run(context, dir, options)),
    );

  program
    .command("validate <app.json>")
    .description("check an app: app.json, its workflow, its contract")
    .action((spec: string) =>
      act(async (context) => (await import("../commands/apps/validate.ts")).run(context, spec)),
    );

  program
    .command("doctor [app.json]")
    .description("check what deployments need: Node, Pulumi, Docker, keys, registry, RunPod's balance and GPUs")
    .action((spec: string | undefined) =>
      act(async (context) => (await import("../commands/doctor.ts")).run(context, spec)),
    );
}
