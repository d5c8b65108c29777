import fc from "fast-check";
import { bytesOf, type Message, withHeader } from "../wire/message.ts";
import { hasBody, type Mutation, oneOf } from "./mutation.ts";

const second = "GET /healthz HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n";
const own = (message: Message, name: string, value: string): Message => ({
  ...withHeader(message, name, value),
  framing: "own",
});
const chunks = (message: Message, text: string): Message => ({
  ...own(message, "transfer-encoding", "chunked"),
  body: Buffer.from(text, "latin1"),
});

/** What can be wrong with where a request ends. */
export const framingMutations: readonly Mutation[] = [
  {
    name: "length: not a number",
    change: oneOf(
      [
        "-5",
        "-0",
        "+5",
        "5.0",
        "0x5",
        "five",
        "",
        "5 5",
        "5, 5",
        "5,6",
        "\xb2",
        "1e3",
        "99999999999999999999",
        "18446744073709551616",
        "00000000005",
      ],
      (message, length) => own(message, "content-length", length),
    ),
  },
  {
    name: "length: given twice",
    change: oneOf(
      [
        ["5", "5"],
        ["5", "6"],
        ["0", "5"],
      ] as const,
      (message, [one, other]) => ({
        ...message,
        headers: [...message.headers, ["content-length", one], ["Content-Length", other]],
        framing: "own",
      }),
    ),
  },
  {
    name: "length: too short",
    fits: hasBody,
    change: oneOf([0, 1, 2], (message, length) => own(message, "content-length", String(length))),
  },
  {
    name: "length: too long, and then no more",
    fits: hasBody,
    change: oneOf([1, 100, 900_000], (message, more) => {
      const long = own(message, "content-length", String(message.body.length + more));
      return { ...long, pace: { kind: "end", upTo: bytesOf(long).length } };
    }),
  },
  {
    name: "length: of gigabytes",
    fits: hasBody,
    change: oneOf([3e6, 3e9, 9e15], (message, length) => own(message, "content-length", String(length))),
    isSlow: true,
  },
  {
    name: "length beside chunks",
    change: oneOf(["chunked", "Chunked", "chunked ", "identity, chunked"], (message, encoding) => {
      const both = withHeader(message, "transfer-encoding", encoding);
      return { ...both, framing: "length" };
    }),
  },
  {
    name: "transfer encoding",
    change: oneOf(
      [
        "zip",
        "identity",
        "chunked, chunked",
        "xchunked",
        "gzip, chunked",
        "chunked, gzip",
        "chunked;q=1",
        "",
        "\tchunked",
        "chun\xffked",
      ],
      (message, encoding) => own(message, "transfer-encoding", encoding),
    ),
  },
  {
    name: "chunks",
    fits: hasBody,
    change: oneOf(
      [
        ..."zz\r\n|-1\r\na\r\n|5\r\nab\r\n0\r\n\r\n|1\r\nab\r\n0\r\n\r\n|5;ext=\xff\r\nhello\r\n0\r\n\r\n|0x5\r\nhello\r\n0\r\n\r\n".split(
          "|",
        ),
        ..."ffffffffffffffffff\r\na|5 \r\nhello\r\n0\r\n\r\n|\r\n|0\r\ncontent-length: 5\r\n\r\n|0\r\nx-api-key: a\r\n\r\n|0\r\n\xff\r\n\r\n".split(
          "|",
        ),
        ..."1\nx\n0\n\n|+1\r\nx\r\n0\r\n\r\n|000000000000000001\r\nx\r\n0\r\n\r\n".split("|"),
        `5;${"x".repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
        `0\r\n${"a: b\r\n".repeat(5000)}\r\n`,
      ],
      chunks,
    ),
  },
  {
    name: "body where none belongs",
    fits: ({ request }) => request === undefined,
    change: oneOf(["length", "chunked"] as const, (message, framing) => ({
      ...message,
      framing,
      body: Buffer.alloc(100_000, "{"),
    })),
  },
  {
    name: "something behind it",
    change: oneOf([second, "GET", "\0", "hello\r\n\r\n"], (message, text) => ({
      ...message,
      headers: message.headers.filter(([name]) => name !== "connection"),
      behind: Buffer.from(text),
    })),
  },
  {
    name: "cut off",
    change: oneOf(fc.double({ min: 0, max: 1, noNaN: true }), (message, part) => {
      const { length } = bytesOf(message);
      return { ...message, pace: { kind: "end", upTo: Math.min(length - 1, Math.max(1, Math.floor(length * part))) } };
    }),
  },
  {
    name: "not HTTP",
    change: oneOf(
      fc
        .oneof(
          fc.constantFrom(
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
            "SSH-2.0-x\r\n",
            "\0",
            "{}\n",
            "GET\r\n\r\n",
            "GET /\r\n",
            " GET / HTTP/1.1\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "\r\n\r\n\r\nx\r\n",
          ),
          fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
        )
        .filter((text) => /[^\r\n]/.test(text)),
      (message, text) => ({
        ...message,
        instead: Buffer.from(text, "latin1"),
        pace: { kind: "end", upTo: text.length },
      }),
    ),
  },
];
