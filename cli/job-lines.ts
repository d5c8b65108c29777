import type { Job } from "../contract/api.ts";
import { aligned, type Output } from "./output.ts";

interface More {
  /** How long it took, in milliseconds. */
  after?: number;
  /** What is shown of results in their values' place, by name; several of a name stand in one line. */
  results?: readonly (readonly [name: string, text: string])[];
}

/** A job as people read it: its state, what it made, why it failed. */
export function jobLines(output: Output, job: Job, { after, results = [] }: More = {}): string[] {
  const took = after === undefined ? "" : ` after ${(after / 1000).toFixed(1)} s`;
  const made = Object.entries(job.output?.result ?? {}).map(([name, value]): [string, string] => {
    const texts = results.filter(([of]) => of === name).map(([, text]) => text);
    const own = typeof value === "string" ? value : JSON.stringify(value);
    return [name, texts.length === 0 ? own : texts.join(", ")];
  });
  const reason: [string, string][] = job.error === null ? [] : [["error", job.error]];
  return aligned([["job", `${output.strong(job.state)}${took}`], ...made, ...reason]);
}
