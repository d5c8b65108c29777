/** Types a contract's input or output may have: six scalars, or a media type that travels as a file id. */
export const scalarTypes = ["string", "integer", "number", "boolean", "object", "array"] as const;
export type ScalarType = (typeof scalarTypes)[number];

const mediaTypePattern = /^(image|video|audio|file)\/[a-z0-9][a-z0-9.+-]*$/;

/** File ids as the API hands them out and takes them: `fid_` and 32 hex digits. */
export const fileIdPattern = /^fid_[0-9a-f]{32}$/;

/** Compared as the original did: trimmed, lower case. */
export const normalizeType = (type: string): string => type.trim().toLowerCase();

export const isScalarType = (type: string): type is ScalarType => (scalarTypes as readonly string[]).includes(type);

export const isMediaType = (type: string): boolean => mediaTypePattern.test(type);

/** What a file is said to be whose sender did not say what it is. */
export const unknownMediaType = "application/octet-stream";

/** A media type without its parameters: `text/plain; charset=utf-8` is `text/plain`. */
export const essenceOf = (mediaType: string): string => mediaType.split(";", 1).join("").trim().toLowerCase();

/**
 * Whether a file may stand where a contract declares a media type. Nodes decode any picture, so `image/png` takes all of
 * `image/…`; `file/…` takes anything. A file of an unknown type is not refused: nobody said that it does not fit.
 */
export function mediaTypeFits(declared: string, mediaType: string): boolean {
  const [kind] = declared.split("/");
  const essence = essenceOf(mediaType);
  return kind === "file" || essence === unknownMediaType || essence.split("/")[0] === kind;
}

export const typeRemedy = `use one of ${scalarTypes.join(", ")}, or a media type such as image/png, video/mp4, audio/wav, file/bin`;
