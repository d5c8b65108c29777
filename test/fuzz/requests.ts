import fc from "fast-check";
import { z } from "zod";
import { type Route, type RouteName, routes } from "../../contract/api.ts";
import { contract } from "./app.ts";
import { fitting, headerValue, hostileText, ofSchema } from "./values.ts";
import { type Header, headerText, type Message } from "./wire/message.ts";

export const apiKey = "key-of-the-fuzzed-gateway";

/** Values that mean something where a schema says no more than "text". */
const meaningful: Record<string, fc.Arbitrary<string>> = {
  state: fc.constantFrom("queued", "completed", "failed,canceled"),
  created_after: fc.constantFrom("2026-01-31T12:00:00Z", "2000-01-01T00:00:00.5+02:00"),
  created_before: fc.constantFrom("2026-01-31T12:00:00Z", "2999-01-01T00:00:00-11:30"),
  // Names that lead nowhere by definition.
  webhook: fc.constantFrom("https://hooks.invalid/a?b=c", "https://hooks.invalid:443/"),
  limit: fc.constantFrom("1", "7", "200"),
  cursor: fc.constantFrom("1-1", "3", "999999999999999-1"),
  wait: fc.constantFrom("0", "1", "2"),
  media_type: fc.constantFrom("image/png", "text/plain"),
  source: fc.constantFrom("uploaded", "generated"),
};

/** What may stand in a path: things that are there, and some that are not. */
const parameters: Record<string, fc.Arbitrary<string>> = {
  id: fc.nat(9).map((at) => `ID_${at}`),
  // Few, so that one is often there before it is deleted.
  name: fc.constantFrom("web", "batch.1", "Ops_2", "9"),
  folder: fc.constantFrom("common", "play", "nowhere"),
  file: fc.constantFrom("style.css", "nothing.js"),
};

/** Requests of a route as the table has it, with some of its liberties taken. */
export function requestOf(name: RouteName): fc.Arbitrary<Message> {
  const route: Route = routes[name];
  return fc
    .record({
      target: fc.tuple(pathOf(route), queryOf(route)).map(([path, query]) => path + query),
      more: headersOf(route),
      content: contentOf(name, route),
      framing: fc.constantFrom("length", "chunked"),
      connection: fc.constantFrom("close", "keep-alive"),
    })
    .map(({ target, more, content, framing, connection }) => ({
      method: route.method,
      target,
      version: "HTTP/1.1",
      headers: [["host", "gateway"], ["x-api-key", apiKey], ["connection", connection], ...more, ...content.headers],
      body: content.body,
      framing: content.body.length === 0 && route.request === undefined ? "own" : framing,
      behind: Buffer.alloc(0),
      pace: { kind: "at once" },
    }));
}

function pathOf({ path }: Route): fc.Arbitrary<string> {
  const kind = path.startsWith("/files") ? "FILE" : "JOB";
  const names = [...path.matchAll(/:(\w+)/g)].map(([, parameter = ""]) => parameter);
  return fc.tuple(...names.map((parameter) => parameters[parameter] ?? fc.constant("x"))).map((values) => {
    const filled = names.map((_, at) => values[at]?.replace(/^ID_(\d)$/, `${kind}_$1_ID`) ?? "");
    return path.replaceAll(/:\w+/g, () => filled.shift() ?? "");
  });
}

/** Names of the parameters that a route's query may have. */
export const queryNames = ({ query }: Route): string[] =>
  query === undefined ? [] : Object.keys(z.toJSONSchema(query, { io: "input" }).properties ?? {});

function queryOf({ query }: Route): fc.Arbitrary<string> {
  if (query === undefined) return fc.constant("");
  const { properties = {} } = z.toJSONSchema(query, { io: "input" });
  const values = Object.entries(properties).map(([name, schema]): [string, fc.Arbitrary<unknown>] => [
    name,
    meaningful[name] ?? ofSchema(schema as z.core.JSONSchema.BaseSchema),
  ]);
  return fc.record(Object.fromEntries(values), { requiredKeys: [] }).map((given) => {
    const pairs = Object.entries(given).map(([name, value]): [string, string] => [name, String(value)]);
    const text = new URLSearchParams(pairs).toString();
    return text === "" ? "" : `?${text}`;
  });
}

function headersOf({ headers = {} }: Route): fc.Arbitrary<Header[]> {
  const names = Object.keys(headers);
  if (names.length === 0) return fc.constant([]);
  const value = (name: string): fc.Arbitrary<string> =>
    name === "last-event-id" ? fc.nat(1000).map(String) : fc.oneof(fc.uuid(), fc.stringMatching(/^[!-~]{1,20}$/));
  return fc
    .tuple(fc.boolean(), ...names.map(value))
    .map(([isThere, ...values]) => (isThere ? names.map((name, at): Header => [name, values[at] ?? ""]) : []));
}

interface Content {
  headers: Header[];
  body: Buffer;
}

const json = (value: unknown): Content => ({
  headers: [["content-type", "application/json"]],
  body: Buffer.from(JSON.stringify(value)),
});

function contentOf(name: RouteName, { request, body }: Route): fc.Arbitrary<Content> {
  if (request === "bytes") return upload;
  if (name === "run") return fc.oneof(runInputs.map(json), runInputs.map(formOf));
  return request === undefined || body === undefined
    ? fc.constant({ headers: [], body: Buffer.alloc(0) })
    : fitting(body).map(json);
}

const inputValues: Record<string, fc.Arbitrary<unknown>> = {
  string: fc.string({ unit: "grapheme", maxLength: 40 }),
  integer: fc.nat(14).map((steps) => 16 + steps * 8),
  number: fc.double({ min: -1, max: 1, noNaN: true }),
  boolean: fc.boolean(),
  object: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }),
  array: fc.array(fc.jsonValue(), { maxLength: 3 }),
};

/** Inputs as the workflow's contract has them. */
export const runInputs: fc.Arbitrary<Record<string, unknown>> = fc.record(
  Object.fromEntries(
    contract.inputs.map(({ name, type }) => [
      name,
      inputValues[type] ??
        fc.oneof(
          fc.nat(9).map((at) => `FILE_${at}_ID`),
          fc.constant("https://10.0.0.1/a.png"),
        ),
    ]),
  ),
  { requiredKeys: contract.inputs.filter(({ required }) => required).map(({ name }) => name) },
);

export const boundary = "a-boundary-of-the-fuzzer";
export const formType = `multipart/form-data; boundary=${boundary}`;

/** A part of a form, whatever its head says. */
export const partOf = (head: string, content: string | Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`--${boundary}\r\n${headerText(head)}\r\n\r\n`, "latin1"),
    Buffer.from(content),
    Buffer.from("\r\n"),
  ]);
export const formEnd = Buffer.from(`--${boundary}--\r\n`);

function formOf({ photo, ...inputs }: Record<string, unknown>): Content {
  const file = 'content-disposition: form-data; name="photo"; filename="a.png"\r\ncontent-type: image/png';
  const parts = [
    partOf('content-disposition: form-data; name="inputs"', JSON.stringify(inputs)),
    ...(photo === undefined ? [] : [partOf(file, JSON.stringify(photo))]),
  ];
  return { headers: [["content-type", formType]], body: Buffer.concat([...parts, formEnd]) };
}

const fileBytes: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  // Around where the way to disk is another, and beyond what may be uploaded.
  fc.constantFrom(0, 65_535, 65_536, 65_537, 1024 ** 2, 1024 ** 2 + 1).map((size) => Buffer.alloc(size, "a")),
);

const upload: fc.Arbitrary<Content> = fc
  .tuple(fileBytes, hostileText, headerValue, fc.boolean())
  .map(([bytes, fileName, type, isForm]) => {
    if (!isForm) return { headers: [["content-type", type]], body: bytes };
    const name = fileName.replaceAll(/["\r\n]/g, "_");
    const part = partOf(`content-disposition: form-data; name="file"; filename="${name}"`, bytes);
    return { headers: [["content-type", formType]], body: Buffer.concat([part, formEnd]) };
  });
