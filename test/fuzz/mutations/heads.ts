import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { type Route, routes } from "../../../contract/api.ts";
import { headerValue } from "../values.ts";
import { type Header, type Message, withHeader, without } from "../wire/message.ts";
import { hasBody, type Mutation, oneOf } from "./mutation.ts";

const withHeaders = (message: Message, headers: readonly Header[]): Message => ({
  ...message,
  headers: [...message.headers, ...headers],
});
const pair = (text: string): Header => {
  const colon = text.indexOf(":");
  return [text.slice(0, colon), text.slice(colon + 1)];
};
const pairs = (lines: string): Header[] => lines.split("|").map(pair);
const words = (text: string): string[] => text.split(" ");

/** Headers that the table's routes give a meaning. */
const ours = Object.values<Route>(routes).flatMap(({ headers = {} }) => Object.keys(headers));

/** What can be wrong with a request's first line and its headers. */
export const headMutations: readonly Mutation[] = [
  {
    name: "method",
    change: oneOf(
      words("HEAD OPTIONS PATCH TRACE CONNECT DELETE PUT POST GET get BREW PROPFIND QUERY M-SEARCH SOURCE \xff G=T"),
      (message, method) => ({ ...message, method }),
    ),
  },
  {
    name: "version",
    change: oneOf(
      ["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.9", "HTTP/1.1 ", "http/1.1", "HTTP/11", "HTTP", "RTSP/1.0", ""],
      (message, version) => ({ ...message, version }),
    ),
  },
  {
    name: "key",
    change: oneOf(
      fc.oneof(
        headerValue.map((value): Header[] => [["x-api-key", value]]),
        fc.constantFrom<Header[]>(
          [],
          pairs("x-api-key:a|x-api-key:b"),
          pairs("authorization:Bearer key"),
          pairs("X-API-KEY:first"),
        ),
        fc.constantFrom("reader", "runner", "filer").map((value): Header[] => [["x-api-key", `key-of-the-${value}`]]),
      ),
      (message, headers) => withHeaders(without(message, "x-api-key"), headers),
    ),
  },
  {
    name: "host",
    change: oneOf(
      [
        [],
        pairs("host:a|host:b"),
        pairs("host:"),
        pairs("host:../../"),
        pairs("host:a b"),
        pairs("host:\xff"),
        pairs("host:[::1]:99999"),
      ],
      (message, headers) => withHeaders(without(message, "host"), headers),
    ),
  },
  {
    name: "header bytes",
    change: oneOf(
      [
        "x-a:\xff\xfe",
        "x-a:a\0b",
        "x-a:a\x01",
        "x-a:a\rb",
        "x-a:a\nb",
        "x-a:a\r\n folded",
        "x a:b",
        "x-a :b",
        "\xff:b",
        ":b",
        "x-a:\x7f",
        "(x):b",
      ],
      (message, line) => withHeaders(message, [pair(line)]),
    ),
  },
  {
    name: "very many headers",
    change: oneOf([90, 500, 2500], (message, count) =>
      withHeaders(
        message,
        Array.from({ length: count }, (_, at): Header => [`x-${at}`, ""]),
      ),
    ),
  },
  {
    name: "a very long header",
    change: oneOf(
      fc.tuple(
        fc.constantFrom(5000, 16_300, 20_000, 200_000),
        fc.constantFrom("cookie", "x-app-id", "x-file-name", "idempotency-key"),
      ),
      (message, [length, name]) => withHeader(message, name, "x".repeat(length)),
    ),
  },
  {
    name: "headers of ours with any text",
    change: oneOf(fc.tuple(fc.constantFrom(...ours), headerValue), (message, [name, value]) =>
      withHeader(message, name, value),
    ),
  },
  {
    name: "headers of ours given twice",
    change: oneOf(fc.constantFrom(...ours), (message, name) =>
      withHeaders(message, [
        [name, "1"],
        [name, "2"],
      ]),
    ),
  },
  {
    name: "range and conditions",
    change: oneOf(
      [
        ..."bytes=0-0|bytes=5-1|bytes=-0|bytes=-99999999999999999999|bytes=99999999-|bytes=a-b|bytes=|bytes=0-,1-,2-|lines=0-1".split(
          "|",
        ),
        ..."bytes=0-1,3-4|bytes= 0 - 1|bytes=0-18446744073709551616|bytes=--1|\xff".split("|"),
        `bytes=${Array.from({ length: 1000 }, (_, at) => `${at}-${at}`).join(",")}`,
      ]
        .map((range) => pairs(`range:${range}`))
        .concat(
          [
            'if-none-match:"x"',
            "if-none-match:*",
            "if-none-match:W/",
            "if-match:*",
            'if-match:"x"',
            "if-modified-since:never",
            "if-unmodified-since:Thu, 01 Jan 1970 00:00:00 GMT",
            'range:bytes=0-1|if-range:"x"',
            "range:bytes=0-1|if-range:Thu, 01 Jan 2099 00:00:00 GMT",
          ].map(pairs),
        ),
      withHeaders,
    ),
  },
  {
    name: "accept",
    change: oneOf(
      [
        "accept:*/*;q=abc",
        "accept:",
        "accept:text/html;q=0",
        "accept:image/png",
        "accept-encoding:gzip;q=2, *;q=0",
        "accept-charset:utf-7",
        "accept-language:\xff",
        `accept:${"a/b,".repeat(1000)}`,
      ].map(pairs),
      withHeaders,
    ),
  },
  {
    name: "content type",
    change: oneOf(
      fc.oneof(
        headerValue,
        fc.constantFrom(
          "application/json; charset=utf-7",
          "text/plain; charset=\xff",
          "multipart/mixed; boundary=x",
          "application/x-www-form-urlencoded",
          "a/b; c",
          "/",
          "image/png\t",
          "application/json, text/plain",
          `a/${"b".repeat(5000)}`,
        ),
      ),
      (message, value) => withHeader(message, "content-type", value),
    ),
  },
  {
    name: "content encoding",
    fits: hasBody,
    change: oneOf(
      fc.tuple(
        fc.constantFrom(...words("gzip deflate br zstd identity compress gzip,gzip \xff")),
        fc.constantFrom("as it is", "packed", "a bomb", "cut off"),
      ),
      (message, [encoding, content]) => {
        const packed = gzipSync(content === "a bomb" ? Buffer.alloc(20 * 1024 ** 2, " ") : message.body);
        const body = content === "as it is" ? message.body : content === "cut off" ? packed.subarray(0, -9) : packed;
        return { ...withHeader(message, "content-encoding", encoding), body };
      },
    ),
  },
  {
    name: "expectation",
    change: oneOf(["100-continue", "100-Continue, x", "200-ok", "", "\xff"], (message, value) =>
      withHeader(message, "expect", value),
    ),
  },
  {
    name: "upgrade",
    change: oneOf(
      [
        "upgrade:websocket|connection:upgrade|sec-websocket-version:13|sec-websocket-key:AQIDBAUGBwgJCgsMDQ4PEA==",
        "upgrade:h2c|connection:upgrade, http2-settings|http2-settings:AA",
        "upgrade:\xff|connection:upgrade",
        "connection:upgrade",
      ].map(pairs),
      (message, headers) => withHeaders(without(message, "connection"), headers),
    ),
  },
  {
    name: "hop by hop",
    change: oneOf(
      [
        "connection:x-api-key",
        "connection:close|connection:keep-alive",
        "keep-alive:timeout=99999999999",
        "connection:,",
        "te:trailers, deflate;q=0.5",
        "trailer:content-length",
        "proxy-connection:keep-alive",
        "max-forwards:0",
      ].map(pairs),
      (message, headers) => withHeaders(without(message, "connection"), headers),
    ),
  },
  {
    name: "what proxies add",
    change: oneOf(
      [
        "x-forwarded-for:127.0.0.1, \xff",
        "x-forwarded-host:evil.invalid",
        "x-forwarded-proto:gopher",
        'forwarded:for="[::1]";host=a',
        "x-original-url:/admin/keys",
        "x-rewrite-url:/admin/keys",
        "x-http-method-override:DELETE",
        "x-forwarded-prefix:/..",
      ].map(pairs),
      withHeaders,
    ),
  },
  {
    name: "origin",
    change: oneOf(["null", "https://evil.invalid", "\xff", "file://", "https://a, https://b"], (message, origin) =>
      withHeaders(message, [
        ["origin", origin],
        ["access-control-request-method", "GET"],
      ]),
    ),
  },
];
