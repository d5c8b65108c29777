import { relative, resolve, sep } from "node:path";
import { z } from "zod";
import type { ImageKind } from "../plan/image-files.ts";
import type { PlannedImage } from "../plan/plan.ts";

const optional = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);

/** Inputs of a GoldenImage. No path of a machine is among them, and no secret. */
const schema = z.object({
  kind: z.enum(["base", "golden"]),
  imageRef: z.string(),
  loginRegistry: z.string(),
  builder: z.enum(["none", "local", "github_actions"]),
  missing: z.boolean(),
  taggedDigest: optional,
  builtDigest: optional,
  dockerfile: z.string(),
  context: z.string(),
  buildArgs: z.record(z.string(), z.string()),
  ownUrn: z.string(),
  rebuildUrns: z.array(z.string()),
  timeoutSeconds: z.number(),
  pollSeconds: z.number(),
  resourceName: z.string(),
});

export type ImageInputs = z.output<typeof schema>;

export const parseImageInputs = (properties: unknown): ImageInputs => schema.parse(properties);

/** Where an image is built from, as every machine has it. */
export interface ImageSource {
  kind: ImageKind;
  imageRef: string;
  /** Relative to the program's folder, with `/`. */
  dockerfile: string;
  context: string;
  buildArgs: Record<string, string>;
}

export function sourceOf(kind: ImageKind, { imageRef, dockerfile, context, buildArgs }: PlannedImage): ImageSource {
  const inProgram = (path: string) => relative(process.cwd(), path).split(sep).join("/") || ".";
  return {
    kind,
    imageRef,
    dockerfile: inProgram(dockerfile),
    context: inProgram(context),
    buildArgs: { ...buildArgs },
  };
}

/** The way back: every hook runs in the program's folder. */
export const placesOf = ({ dockerfile, context }: Pick<ImageSource, "dockerfile" | "context">) => ({
  dockerfile: resolve(dockerfile),
  context: resolve(context),
});
