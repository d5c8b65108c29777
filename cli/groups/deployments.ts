import type { Command } from "commander";
import type { DeployOptions } from "../commands/deployments/deploy.ts";
import type { LogsOptions } from "../commands/deployments/logs.ts";
import type { PreviewOptions } from "../commands/deployments/preview.ts";
import type { WakeOptions } from "../commands/deployments/wake.ts";
import { type Act, positiveNumber, wholeNumber } from "./group.ts";

const config = [
  "--config <key=value>",
  "a key of the stack's config, as often as needed; an empty value takes it away, env:NAME is what a variable holds",
  (text: string, before: string[] = []) => [...before, text],
] as const;

/** Commands about the deployment of an app. */
export function addDeployments(program: Command, act: Act): void {
  program
    .command("preview <app.json>")
    .description("tell what deploy would do, and what it would cost; nothing is rented")
    .option(...config)
    .action((spec: string, options: PreviewOptions) =>
      act(async (context) => (await import("../commands/deployments/preview.ts")).run(context, spec, options)),
    );

  program
    .command("deploy <app.json>")
    .description("deploy an app, or bring its deployment up to date")
    .option(...config)
    .option("--keep-existing", "let the present endpoint serve until the new one does: so it is anyway")
    .action((spec: string, options: DeployOptions) =>
      act(async (context) => (await import("../commands/deployments/deploy.ts")).run(context, spec, options)),
    );

  program
    .command("status <app_id>")
    .description("tell whether a deployed app's endpoint can be used")
    .action((appId: string) =>
      act(async (context) => (await import("../commands/deployments/status.ts")).run(context, appId)),
    );

  program
    .command("logs <app_id>")
    .description("show the latest lines of an endpoint's log; while its gateway does not answer, of its container's")
    .option("--tail <lines>", "how many", wholeNumber, 200)
    .action((appId: string, options: LogsOptions) =>
      act(async (context) => (await import("../commands/deployments/logs.ts")).run(context, appId, options)),
    );

  program
    .command("open <app_id>")
    .description("open the page of an endpoint on which its workflow can be run")
    .action((appId: string) =>
      act(async (context) => (await import("../commands/deployments/open.ts")).run(context, appId)),
    );

  program
    .command("costs [app_id]")
    .description("tell what deployments cost, and how long the account's balance lasts")
    .action((appId: string | undefined) =>
      act(async (context) => (await import("../commands/deployments/costs.ts")).run(context, appId)),
    );

  program
    .command("refresh <app_id>")
    .description("read what became of a deployment at RunPod into its state; deploy mends it")
    .action((appId: string) =>
      act(async (context) => (await import("../commands/deployments/refresh.ts")).run(context, appId)),
    );

  program
    .command("wake <app_id>")
    .description("start the stopped pod of a deployed app again, and wait until its endpoint takes runs")
    .option("--no-wait", "do not wait for the endpoint")
    .option("--timeout-seconds <seconds>", "give up when its boot comes no further for so long", positiveNumber, 900)
    .action((appId: string, options: WakeOptions) =>
      act(async (context) => (await import("../commands/deployments/wake.ts")).run(context, appId, options)),
    );

  program
    .command("destroy <app>")
    .description("take a deployment down; <app> is its id or its app.json")
    .action((app: string) =>
      act(async (context) => (await import("../commands/deployments/destroy.ts")).run(context, app)),
    );
}
