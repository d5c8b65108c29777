/** A command line with commander alone, for its start to be compared with. */
import { Command } from "commander";

const program = new Command("hello").description("A command line").version("1.0.0");
program
  .command("greet <name>")
  .description("greet somebody")
  .option("--loud", "in capitals")
  .action((name: string) => console.log(`hello ${name}`));
program
  .command("leave")
  .description("say goodbye")
  .action(() => console.log("goodbye"));
await program.parseAsync();
