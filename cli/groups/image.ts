import type { Command } from "commander";
import type { Act } from "./group.ts";

/** `cend image …`: the images that pods run. */
export function addImage(program: Command, act: Act): void {
  const image = program.command("image").description("images that pods run: tell what they are made of");

  image
    .command("plan <app.json>")
    .description("tell what an app's images are made of, and the tags that follow from that")
    .option("--check-registry", "tell as well whether the registry has them, and who would build them")
    .action((spec: string, options: { checkRegistry?: true }) =>
      act(async (context) => (await import("../commands/image/plan.ts")).run(context, spec, options)),
    );
}
