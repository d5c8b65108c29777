import fc from "fast-check";
import { boundary, formEnd, formType, partOf } from "../requests.ts";
import { hostileText } from "../values.ts";
import { type Message, withHeader } from "../wire/message.ts";
import { hasForm, type Mutation, oneOf } from "./mutation.ts";

const withForm = (message: Message, ...parts: Buffer[]): Message => ({
  ...withHeader(message, "content-type", formType),
  body: Buffer.concat([...parts, formEnd]),
});
const disposition = (parameters: string): string => `content-disposition: form-data; ${parameters}`;
const text = (name: string, value = "x"): Buffer => partOf(disposition(`name="${name}"`), value);
const file = (name: string, more = 'filename="f"', content = "x"): Buffer =>
  partOf(disposition(`name="${name}"; ${more}`), content);
const fieldName = fc.constantFrom("photo", "file", "inputs");

/** What can be wrong with a form. */
export const formMutations: readonly Mutation[] = [
  {
    name: "form: names of fields",
    fits: hasForm,
    change: oneOf(
      fc.tuple(
        fc.oneof(
          hostileText,
          fc.constantFrom(
            "inputs[]",
            "photo[]",
            "a[b][c]",
            "[",
            "]",
            "a[",
            "a[__proto__][b]",
            "inputs[a]",
            `a${"[b]".repeat(60)}`,
          ),
        ),
        fc.boolean(),
      ),
      (message, [name, isFile]) => {
        const escaped = name.replaceAll(/["\r\n]/g, "%22");
        return withForm(message, text("inputs", "{}"), isFile ? file(escaped) : text(escaped));
      },
    ),
  },
  {
    name: "form: names of files",
    fits: hasForm,
    change: oneOf(
      fc.tuple(
        fieldName,
        fc.oneof(
          hostileText.map((value) => `filename="${value}"`),
          fc.constantFrom(
            'filename=""',
            "filename=",
            "filename*=UTF-8''%E0%A4%A",
            "filename*=x''a",
            "filename*=utf-16''%00a",
            "filename",
            `filename="${"../".repeat(50)}etc/passwd"`,
          ),
        ),
      ),
      (message, [name, parameter]) => withForm(message, file(name, parameter)),
    ),
  },
  {
    name: "form: heads of parts",
    fits: hasForm,
    change: oneOf(
      [
        "",
        "content-disposition: form-data",
        "content-disposition: attachment; name=photo",
        "x-a: b",
        disposition("name=photo; name=file"),
        `${disposition('name="file"; filename="f"')}\r\ncontent-type: ${"a/".repeat(500)}`,
        `${disposition('name="photo"; filename="f"')}\r\ncontent-transfer-encoding: base64`,
        'content-disposition: form-data; name="file',
        "\xff: \xff",
        "x-a: b\r\n".repeat(3000),
        `x-a: ${"b".repeat(200_000)}`,
        `${disposition('name="photo"; filename="f"')}\r\ncontent-type: \xff/\0`,
      ],
      (message, head) => withForm(message, partOf(head, "x"), text("inputs", '{"prompt":"a"}')),
    ),
  },
  {
    name: "form: very many parts",
    fits: hasForm,
    change: oneOf(fc.tuple(fieldName, fc.constantFrom(2, 20, 3000), fc.boolean()), (message, [name, count, isFile]) =>
      withForm(message, ...Array.from({ length: count }, () => (isFile ? file(name) : text(name)))),
    ),
  },
  {
    name: "form: boundary",
    fits: hasForm,
    change: oneOf(
      [
        "",
        "; boundary=",
        '; boundary=""',
        "; boundary=b",
        `; boundary=${"b".repeat(5000)}`,
        "; boundary=\xff",
        `; boundary=${boundary}; boundary=x`,
        `; charset=utf-7; boundary=${boundary}`,
        '; boundary="',
      ],
      (message, parameter) =>
        withHeader(withForm(message, file("file"), file("photo")), "content-type", `multipart/form-data${parameter}`),
    ),
  },
  {
    name: "form: breaks off",
    fits: hasForm,
    change: oneOf(fc.tuple(fieldName, fc.nat(200)), (message, [name, length]) => {
      const form = withForm(message, text("inputs", '{"prompt":"a"}'), file(name, undefined, "y".repeat(20)));
      return { ...form, body: form.body.subarray(0, length) };
    }),
  },
  {
    name: "form: texts",
    fits: hasForm,
    change: oneOf(
      fc.oneof(
        hostileText,
        fc.json(),
        fc.constantFrom("[".repeat(5000), "z".repeat(1_200_000), '{"photo":"FILE_0_ID"}'),
      ),
      (message, value) => withForm(message, text("inputs", value), file("photo")),
    ),
  },
  {
    name: "form: files too large, or empty",
    fits: hasForm,
    change: oneOf(
      fc.tuple(fc.constantFrom("photo", "file"), fc.constantFrom(0, 1024 ** 2, 1024 ** 2 + 1, 3_000_000)),
      (message, [name, size]) =>
        withForm(message, text("inputs", '{"prompt":"a"}'), file(name, undefined, "x".repeat(size))),
    ),
  },
  {
    name: "form: in a form",
    fits: hasForm,
    change: oneOf(["multipart/mixed", "multipart/form-data"], (message, type) =>
      withForm(
        message,
        partOf(
          `${disposition('name="photo"; filename="f"')}\r\ncontent-type: ${type}; boundary=${boundary}`,
          Buffer.concat([file("file"), formEnd]),
        ),
      ),
    ),
  },
];
