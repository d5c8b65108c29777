import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** The value with the secrets in it unwrapped. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const properties = value as Record<string, unknown>;
  if (properties[signature] === secretSignature) return plain(properties["value"]);
  return Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, plain(inner)]));
}

export const secret = (value: unknown): object => ({ [signature]: secretSignature, value });

/** Strict: what this knows nothing of it would leave out of the image. */
const schema = z.strictObject({
  imageName: z.string(),
  /** [measured] The SDK always sends both. */
  buildOnPreview: z.literal(false),
  skipPush: z.literal(false),
  build: z
    .strictObject({
      context: z.string().default("."),
      dockerfile: z.string().optional(),
      args: z.record(z.string(), z.string()).default({}),
      platform: z.string().optional(),
      builderVersion: z.enum(["BuilderV1", "BuilderBuildKit"]).optional(),
      contextDigest: z.string().optional(),
    })
    .prefault({})
    // [source]
    .transform(({ dockerfile, ...build }) => ({
      ...build,
      dockerfile: dockerfile ?? join(build.context, "Dockerfile"),
    })),
  registry: z
    .strictObject({ server: z.string().optional(), username: z.string().optional(), password: z.string().optional() })
    .optional(),
});

export type ImageInputs = z.output<typeof schema>;

export const imageInputs = (news: unknown): ImageInputs => schema.parse(plain(news));

type Properties = Record<string, unknown>;

/** [source] Whether anything is another; of the registry only its server counts, as passwords change often. */
export function imageDiff(before: Properties, after: Properties): boolean {
  const compared = ({ registry, ...properties }: Properties) => ({
    ...properties,
    server: (registry as Properties | undefined)?.["server"],
  });
  return !isDeepStrictEqual(compared(before), compared(after));
}
