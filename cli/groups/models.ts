import { type Command, InvalidArgumentError } from "commander";
import type { PruneOptions } from "../commands/prune.ts";
import type { ValidateArtifactsOptions } from "../commands/validate-artifacts.ts";
import type { Act } from "./group.ts";

/** Commands about the models of an app. */
export function addModels(program: Command, act: Act): void {
  program
    .command("validate-artifacts <app.json>")
    .description("check that an app's artifacts bring what its workflow needs, and that their sources give them")
    .option("--no-network", "ask no source: check only what the files tell")
    .action((spec: string, options: ValidateArtifactsOptions) =>
      act(async (context) => (await import("../commands/validate-artifacts.ts")).run(context, spec, options)),
    );

  program
    .command("lock <app.json>")
    .description(
      "write down what an app's models and node packs are now, in models.lock.json: deployments bring the same bytes",
    )
    .action((spec: string) => act(async (context) => (await import("../commands/lock.ts")).run(context, spec)));

  program
    .command("prune <app_id>")
    .description("remove models from an endpoint's volume that no pod on it needs")
    .option("--dry-run", "tell what would be removed, and remove nothing")
    .option("--keep-days <days>", "keep what other pods on the volume needed within so many days", days, 7)
    .action((appId: string, options: PruneOptions) =>
      act(async (context) => (await import("../commands/prune.ts")).run(context, appId, options)),
    );
}

function days(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= 3650) return Number(text);
  throw new InvalidArgumentError("Give a whole number of days up to 3650.");
}
