/** `npm run bench`: every measurement, or those that are named: `npm run bench -- up`. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

const helpers = ["main", "measure"];
const all = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replace(/\.ts$/, ""))
  .filter((name) => !helpers.includes(name));

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`error: no bench "${unknown.join('", "')}"; there are ${all.join(", ")}`);
  process.exitCode = 2;
} else {
  for (const name of asked.length > 0 ? asked : all) {
    console.log(`\n${name}`);
    await import(join(import.meta.dirname, `${name}.ts`));
  }
}
