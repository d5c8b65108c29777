import fc from "fast-check";
import type { Route } from "../../../contract/api.ts";
import { queryNames } from "../requests.ts";
import { hostileText } from "../values.ts";
import { headerText, type Message } from "../wire/message.ts";
import { type Mutation, oneOf } from "./mutation.ts";

const split = (target: string): [path: string, query: string] => {
  const at = target.indexOf("?");
  return at < 0 ? [target, ""] : [target.slice(0, at), target.slice(at)];
};
const withPath = (message: Message, change: (path: string) => string): Message => {
  const [path, query] = split(message.target);
  return { ...message, target: change(path) + query };
};
const withQuery = (message: Message, more: string): Message => {
  const [, query] = split(message.target);
  return { ...message, target: `${message.target}${query === "" ? "?" : "&"}${more}` };
};
const withLastSegment = (message: Message, segment: string): Message =>
  withPath(message, (path) => path.replace(/[^/]*$/, () => segment));
/** Which of a route's parameters. */
const parameter = fc.nat(9);
const nameOf = (at: number, route: Route): string => {
  const names = queryNames(route);
  return names[at % names.length] ?? "wait";
};

/** What can be wrong with a request's path and query. */
export const targetMutations: readonly Mutation[] = [
  {
    name: "path: ways up and to itself",
    change: oneOf(
      [
        "/..",
        "/../..",
        "/.",
        "/%2e%2e",
        "/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e%5c..",
        "/....//",
        "/..;/",
        "/.%00.",
      ],
      (message, way) => withPath(message, (path) => (way.length % 2 === 0 ? `${way}${path}` : `${path}${way}`)),
    ),
  },
  {
    name: "path: parameters that are other paths",
    change: oneOf(
      [
        ..."..%2f..%2fjobs.db|%2fetc%2fpasswd|..%5c..%5cjobs.db|file%3a%2f%2f%2fetc%2fpasswd|C%3a%5c|~|%2e%2e".split(
          "|",
        ),
        ..."..%252f..%252fjobs.db|blobs%2f00|incoming|.%2fsecret.txt|%c0%ae%c0%ae%2fsecret.txt|..%2f..%2fsecret.txt".split(
          "|",
        ),
      ],
      withLastSegment,
    ),
  },
  {
    name: "path: parameters of any text",
    change: oneOf(hostileText, (message, text) => withLastSegment(message, encodeURIComponent(text.toWellFormed()))),
  },
  { name: "path: NUL", change: oneOf(["%00", "a%00.png", "%00%00"], withLastSegment) },
  {
    name: "path: escapes that are none",
    change: oneOf(["%", "%zz", "%E0%A4%A", "%ff%fe", "%u0041", "%c3%28", "%2"], (message, escape) =>
      withPath(message, (path) => path + escape),
    ),
  },
  {
    name: "path: slashes",
    change: oneOf(["/", "//", "%2f", "\\", "%5c", "/?", ";a=b", "/#"], (message, slash) =>
      withPath(message, (path) => (slash === "//" ? `/${path}` : path + slash)),
    ),
  },
  {
    name: "path: other case",
    change: oneOf([0, 1, 2, 5], (message, at) =>
      withPath(message, (path) => path.slice(0, at) + path.slice(at).toUpperCase()),
    ),
  },
  {
    name: "path: far too long",
    change: oneOf([2000, 10_000, 20_000, 100_000], (message, length) =>
      withPath(message, (path) => path + "a".repeat(length)),
    ),
  },
  {
    name: "target: not a path",
    change: oneOf(
      ["", "*", "?", "#", "gateway:80", "healthz", "http:", "http://", "data:,a", "javascript:1", "\\", "?wait=1"],
      (message, target) => ({
        ...message,
        target,
      }),
    ),
  },
  {
    name: "target: absolute",
    change: oneOf(
      [
        "http://gateway",
        "https://elsewhere.invalid",
        "http://a:b@gateway:99999",
        "//elsewhere.invalid",
        "http://[::1",
        "ftp://gateway",
        "http:/",
      ],
      (message, origin) => ({ ...message, target: origin + message.target }),
    ),
  },
  {
    name: "target: raw bytes",
    change: oneOf(
      ["\xff\xfe", headerText("日本語"), " ", "\t", "\0", "\x7f", "\x01", '"<>^`{|}', "\r", "\n"],
      (message, bytes) => withPath(message, (path) => path + bytes),
    ),
  },
  {
    name: "query: values of any text",
    change: oneOf(fc.tuple(parameter, hostileText), (message, [at, text], route) =>
      withQuery(message, `${nameOf(at, route)}=${encodeURIComponent(text.toWellFormed())}`),
    ),
  },
  {
    name: "query: numbers",
    change: oneOf(
      fc.tuple(parameter, fc.oneof(fc.double(), fc.bigInt(), fc.maxSafeInteger())),
      (message, [at, value], route) => withQuery(message, `${nameOf(at, route)}=${value}`),
    ),
  },
  {
    name: "query: times",
    fits: ({ path, method }) => method === "GET" && path === "/jobs",
    change: oneOf(
      fc.tuple(
        fc.constantFrom("created_after", "created_before"),
        fc.integer({ min: 0, max: 9999 }),
        fc.constantFrom(
          "01-01T00:00:00",
          "12-31T23:59:59",
          "02-29T12:00",
          "06-30T23:59:60",
          "01-01T00:00:00.123456789123",
        ),
        fc.constantFrom("Z", "%2B23:59", "-23:59", "%2B00:00", "-00:00", "z"),
      ),
      (message, [parameter, year, rest, zone]) =>
        withQuery(message, `${parameter}=${String(year).padStart(4, "0")}-${rest}${zone}`),
    ),
  },
  {
    name: "query: parameters given twice",
    change: oneOf(
      fc.tuple(parameter, fc.constantFrom("", "[]", "[0]", "[a]", ".a", "%00")),
      (message, [at, suffix], route) => {
        const name = nameOf(at, route) + suffix;
        return withQuery(message, `${name}=1&${name}=2`);
      },
    ),
  },
  {
    name: "query: parameters of other names",
    change: oneOf(
      ["__proto__=1", "constructor=1", "toString=1", "__proto__[a]=1", "=1", "&&", "a", "%ff=1", "hasOwnProperty="],
      withQuery,
    ),
  },
  {
    name: "query: very many parameters",
    change: oneOf([100, 1001, 3000], (message, count) =>
      withQuery(message, Array.from({ length: count }, (_, at) => `p${at}=1`).join("&")),
    ),
  },
  {
    name: "query: raw bytes",
    change: oneOf(["wait=\xff", "wait=%ff%fe", "wait=%", "cursor=%E0%A4%A", "webhook=%00", "state=\x80"], withQuery),
  },
];
