import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";

/** What an event of the engine means to a person. */
export interface EngineNews {
  /** What has happened, or is about to: a line that stays. */
  line?: { text: string; kind: "done" | "warning" | "told" };
  /** How far something is, which the next news of this kind replaces. */
  progress?: string;
}

/** Changes of a resource by the engine's word: their sign, and what they are called before and after. */
const steps: Partial<Record<string, readonly [sign: string, planned: string, done: string]>> = {
  create: ["+", "create", "created"],
  update: ["~", "update", "updated"],
  delete: ["-", "delete", "deleted"],
  replace: ["±", "replace", ""],
  "create-replacement": ["+", "", "created in the place of another"],
  "delete-replaced": ["-", "", "deleted, being replaced"],
};

/** Undefined for most: of resources only those count that something is done to. */
export function newsOf({ resourcePreEvent: before, resOutputsEvent: after, diagnosticEvent }: EngineEvent) {
  if (before?.planning === true) return stepNews(before.metadata, 1);
  if (after !== undefined && after.planning !== true) return stepNews(after.metadata, 2);
  return diagnosticEvent === undefined ? undefined : toldNews(diagnosticEvent);
}

type Step = NonNullable<EngineEvent["resourcePreEvent"]>["metadata"];

function stepNews({ op, urn, type, diffs = [], ...states }: Step, word: 1 | 2): EngineNews | undefined {
  const step = steps[op];
  // The stack, components and providers are nowhere but in the state.
  const isReal = (states.new ?? states.old)?.custom === true && !type.startsWith("pulumi:providers:");
  if (step === undefined || step[word] === "" || !isReal) return undefined;
  const fields = op === "update" && diffs.length > 0 ? ` (${diffs.join(", ")})` : "";
  return { line: { text: `${step[0]} ${nameOf(urn)} ${step[word]}${fields}`, kind: "done" } };
}

const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

type Told = NonNullable<EngineEvent["diagnosticEvent"]>;

function toldNews({ message, severity, ephemeral }: Told): EngineNews | undefined {
  // Colors, as the engine marks them.
  const text = message.replace(/<\{%.*?%\}>/g, "").trimEnd();
  if (text.trim() === "") return undefined;
  if (severity === "warning") return { line: { text: text.replace(/^(?!warning: )/, "warning: "), kind: "warning" } };
  // Errors come at the end, and the engine's own debugging, which its types do not know, is nobody's.
  if (severity !== "info" && severity !== "info#err") return undefined;
  // `endpoint-ready: models: flux 41 %, 113 MB/s, 2 min left`: the line that changes says whose it is.
  if (ephemeral === true || / \d+ %/.test(text)) return { progress: text.trim().replace(/^\S+: /, "") };
  return { line: { text: `  ${text}`, kind: "told" } };
}
