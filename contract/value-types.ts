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

export const typeRemedy = `use one of ${scalarTypes.join(", ")}, or a media type such as image/png, video/mp4, audio/wav, file/bin`;
