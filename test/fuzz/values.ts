import fc from "fast-check";
import { z } from "zod";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Values that a schema lets pass, or nearly: what its refinements want, it does not tell. */
export const fitting = (schema: z.ZodType): fc.Arbitrary<unknown> => ofSchema(z.toJSONSchema(schema, { io: "input" }));

export function ofSchema(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { type, pattern, enum: values, properties = {}, required = [], items, minimum, maximum } = schema;
  if (values !== undefined) return fc.constantFrom(...values);
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  switch (type) {
    case "string":
      return fc.string();
    case "number":
      return fc.double({ min: minimum ?? -1e6, max: maximum ?? 1e6, noNaN: true });
    case "array":
      return fc.uniqueArray(ofSchema(items as JsonSchema), { minLength: 1 });
    case "object":
      return fc.record(
        Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, ofSchema(each as JsonSchema)])),
        { requiredKeys: required },
      );
    default:
      return fc.jsonValue();
  }
}

/** Texts that programs have stumbled over. */
const stumblingTexts = [
  ..."|0|-1|1e9|NaN|Infinity|-0|0x10|1.5|007| 1 |99999999999999999999|true|null|undefined|{}|[]".split("|"),
  ..."__proto__|constructor|toString|hasOwnProperty|../../etc/passwd|..\\..\\windows|/etc/passwd|.|..".split("|"),
  ..."' OR 1=1 --|%00|%|%s%n|${7*7}|{{7*7}}|<script>alert(1)</script>|\u0000|a\nb|a\r\nb: c|\t|\u007f".split("|"),
  ..."ä|日本語|👩‍👩‍👧‍👦|\u202egnp.exe|\ufeff|\uffff|e\u0301|İ|ß|\ud800|\udc00x|１２".split("|"),
  ..."2026-02-30T00:00:00Z|0000-01-01T00:00:00Z|9999-12-31T23:59:59-23:59|2026-01-31T24:00:00Z|1-1|0-0".split("|"),
  ..."999999999999999-999999999999999|fid_|fid_00000000000000000000000000000000|first|change-me|job|*|a,b,,c".split(
    "|",
  ),
  ..."bytes=0-|https://127.0.0.1/|https://[::1]/|http://localhost|file:///etc/passwd|https://a:b@hooks.invalid/".split(
    "|",
  ),
  "x".repeat(300),
  "y".repeat(5000),
];

/** Texts that are unlikely to be what is asked for. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...stumblingTexts) },
  fc.string({ unit: "binary" }),
  fc.string(),
);

/** As above, without those that cannot be part of a line of a head. */
export const headerValue: fc.Arbitrary<string> = hostileText.map((text) =>
  Buffer.from(text)
    .toString("latin1")
    .replaceAll(/[\0-\x08\x0a-\x1f\x7f]/g, "")
    .trim(),
);

/** Numbers at the edges of what programs count with, as JSON has them: not all are numbers to JavaScript. */
export const hugeNumber: fc.Arbitrary<string> = fc.constantFrom(
  ..."1e400 -1e400 1e-400 9007199254740993 -9223372036854775809 18446744073709551616 -0 0.1e1".split(" "),
  "1".repeat(400),
  `0.${"3".repeat(5000)}`,
);
