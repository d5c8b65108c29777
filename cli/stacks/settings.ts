import { type StackConfigKey, stackConfigKeys } from "../../contract/stack-config.ts";
import type { Env } from "../../providers/runpod/env-files.ts";
import { UsageError } from "../errors.ts";
import { didYouMean } from "../similar.ts";

/** Values for a stack's config; an empty one takes the key away. */
export type StackSettings = Partial<Record<StackConfigKey, string>>;

/**
 * Reads what `--config` was given: `key=value`, or `key=env:NAME` for what a variable holds.
 * @throws {UsageError} for a key that there is not, and a secret on the command line, where everybody could read it
 */
export function readSettings(words: readonly string[], env: Env): StackSettings {
  return Object.fromEntries(
    words.map((word) => {
      const [, key = "", text] = /^(?:comfy-endpoints:)?([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
      if (!isKey(key)) {
        const known = Object.keys(stackConfigKeys);
        throw new UsageError(`--config ${key} is not known${didYouMean(key, known)}; there are ${known.join(", ")}`);
      }
      if (key === "app") throw new UsageError("--config app is the app.json that the command is given anyway");
      if (text === undefined) throw new UsageError(`--config ${key} lacks its value; give ${key}=VALUE`);
      const [, variable] = /^env:(\w+)$/.exec(text) ?? [];
      if (variable === undefined) {
        if (!stackConfigKeys[key].secret || text === "") return [key, text];
        throw new UsageError(`--config ${key} is secret; put it into a variable, and give ${key}=env:NAME_OF_IT`);
      }
      const value = env[variable] ?? "";
      if (value === "") throw new UsageError(`--config ${key} is the variable ${variable}, which is not set`);
      return [key, value];
    }),
  );
}

const isKey = (key: string): key is StackConfigKey => Object.hasOwn(stackConfigKeys, key);
