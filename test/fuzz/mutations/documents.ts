import fc from "fast-check";
import { z } from "zod";
import type { Route } from "../../../contract/api.ts";
import { contract } from "../app.ts";
import { hostileText, hugeNumber } from "../values.ts";
import { type Message, withHeader } from "../wire/message.ts";
import { hasJson, type Mutation, oneOf } from "./mutation.ts";

const withText = (message: Message, text: string): Message => ({
  ...withHeader(message, "content-type", "application/json"),
  body: Buffer.from(text),
});
/** Which of the fields that a route's document may have. */
const field = fc.nat(9);
const nameOf = (at: number, { path, body }: Route): string => {
  const names =
    path === "/run" || body === undefined
      ? contract.inputs.map(({ name }) => name)
      : Object.keys(z.toJSONSchema(body, { io: "input" }).properties ?? {});
  return names[at % names.length] ?? "prompt";
};

/** The document with that JSON for a field. */
function withField(message: Message, [field, json]: [number | string, string], route: Route): Message {
  const name = typeof field === "string" ? field : nameOf(field, route);
  const own = message.body.toString().startsWith("{")
    ? (JSON.parse(message.body.toString()) as object)
    : { prompt: "a" };
  const others = Object.entries(own).filter(([other]) => other !== name);
  const pairs = others.map(([other, value]) => `${JSON.stringify(other)}:${JSON.stringify(value)}`);
  return withText(message, `{${[...pairs, `"${name}":${json}`].join(",")}}`);
}

/** What can be wrong with a document. */
export const jsonMutations: readonly Mutation[] = [
  {
    name: "json: fields of another type",
    fits: hasJson,
    change: oneOf(fc.tuple(field, fc.json({ stringUnit: "binary" })), withField),
  },
  {
    name: "json: fields of any text",
    fits: hasJson,
    change: oneOf(
      fc.tuple(
        field,
        hostileText.map((value) => JSON.stringify(value)),
      ),
      withField,
    ),
  },
  { name: "json: huge numbers", fits: hasJson, change: oneOf(fc.tuple(field, hugeNumber), withField) },
  {
    name: "json: half a character",
    fits: hasJson,
    change: oneOf(
      fc.tuple(field, fc.constantFrom('"\\ud800"', '"\\udc00\\ud800"', '{"\\ud800":1}', '["\\ufffe\\u0000"]')),
      withField,
    ),
  },
  {
    name: "json: deep",
    fits: hasJson,
    change: oneOf(
      fc.tuple(field, fc.constantFrom(60, 70, 5000, 400_000), fc.constantFrom("[]", '{"a":}')),
      (message, [name, depth, kind], route) => {
        const [open, close] = kind === "[]" ? ["[", "]"] : ['{"a":', "}"];
        return withField(
          message,
          [name, `${open.repeat(depth / open.length)}1${close.repeat(depth / open.length)}`],
          route,
        );
      },
    ),
  },
  {
    name: "json: names of objects' innards",
    fits: hasJson,
    change: oneOf(
      ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "toJSON", "then", "length", ""],
      (message, name, route) =>
        withField(message, [name, '{"prompt":"b","__proto__":{"photo":1},"toString":1}'], route),
    ),
  },
  {
    name: "json: fields given twice",
    fits: hasJson,
    change: oneOf(fc.tuple(field, fc.jsonValue()), (message, [at, value], route) => {
      const name = nameOf(at, route);
      return withText(message, `{"prompt":"a","${name}":1,"${name}":${JSON.stringify(value)},"prompt":"b"}`);
    }),
  },
  {
    name: "json: very many fields",
    fits: hasJson,
    change: oneOf([1000, 50_000], (message, count) =>
      withText(message, JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, at])))),
    ),
  },
  {
    name: "json: too large",
    fits: hasJson,
    change: oneOf([70_000, 1024 ** 2 - 100, 1024 ** 2 + 100, 5_000_000], (message, size, route) =>
      withField(message, ["prompt", `"${"x".repeat(size)}"`], route),
    ),
  },
  {
    name: "json: no object",
    fits: hasJson,
    change: oneOf(
      fc.oneof(
        fc.constantFrom(
          "",
          " ",
          "null",
          "1",
          '"a"',
          "[]",
          "[{}]",
          "true",
          "nul",
          "{",
          "{}}",
          "{'a':1}",
          "NaN",
          "\ufeff{}",
          '{"a":1,}',
          "//\n{}",
        ),
        fc.string(),
      ),
      withText,
    ),
  },
  {
    name: "json: not UTF-8",
    fits: hasJson,
    change: oneOf(
      [[0xff, 0xfe, 0x7b, 0], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80], [0]],
      (message, bytes) => ({
        ...message,
        body: Buffer.concat([Buffer.from('{"prompt":"'), Buffer.from(bytes), Buffer.from('"}')]),
      }),
    ),
  },
];
