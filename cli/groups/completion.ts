import { Argument, type Command } from "commander";
import type { Act } from "./group.ts";

/** `cend completion`, and what its scripts ask. */
export function addCompletion(program: Command, act: Act): void {
  program
    .command("completion")
    .description("print a script that makes your shell complete: source <(cend completion bash)")
    .addArgument(new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish"]))
    .action((shell: string) => act(async (context) => (await import("../commands/completion.ts")).run(context, shell)));

  program
    .command("__complete", { hidden: true })
    .argument("[words...]")
    .action((words: string[]) =>
      act(async (context) => (await import("../commands/completion.ts")).complete(context, program, words)),
    );
}
