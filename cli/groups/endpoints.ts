import type { Command } from "commander";
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
}
