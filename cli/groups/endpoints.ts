import { Argument, type Command } from "commander";
import type { Language } from "../api-client/generate.ts";
import type { ClientOptions } from "../commands/client.ts";
import type { Act } from "./group.ts";

/** `cend endpoints …`: every endpoint there is. */
export function addEndpoints(program: Command, act: Act): void {
  const endpoints = program.command("endpoints").description("endpoints of deployed apps: list or describe them");

  endpoints
    .command("list")
    .description("list endpoints, and ask each whether it is well")
    .action(() => act(async (context) => (await import("../commands/endpoints/list.ts")).run(context)));

  endpoints
    .command("describe <app_id>")
    .description("tell an endpoint's address and contract")
    .action((appId: string) =>
      act(async (context) => (await import("../commands/endpoints/describe.ts")).run(context, appId)),
    );

  program
    .command("client")
    .description("write a typed client for an endpoint, one file that needs nothing else")
    .addArgument(new Argument("<language>", "the language").choices(["typescript", "python"]))
    .argument("<app_id>", "the app")
    .option("--out <path>", "file to write; the code is printed when it is left out")
    .action((language: Language, appId: string, options: ClientOptions) =>
      act(async (context) => (await import("../commands/client.ts")).run(context, language, appId, options)),
    );
}
