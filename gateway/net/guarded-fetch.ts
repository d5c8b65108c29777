import { type LookupAddress, lookup as resolveHost } from "node:dns";
import type { IncomingMessage, RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { Readable } from "node:stream";
import { isPublicAddress } from "./addresses.ts";
import { request as httpRequest } from "./node-http.ts";

/** What requests to addresses that callers name may reach. */
export interface Reach {
  /** With the colon: `https:`. */
  protocols: readonly string[];
  ports: readonly number[];
  /** Whether to connect to an IP address. */
  allows: (address: string) => boolean;
  /** All addresses of a host name. */
  resolve: (host: string) => Promise<LookupAddress[]>;
}

/** The public internet over HTTPS: never the pod itself, its neighbors, or a cloud's metadata service. */
export const publicInternet: Reach = {
  protocols: ["https:"],
  ports: [443],
  allows: isPublicAddress,
  resolve: (host) =>
    new Promise((resolve, reject) => {
      resolveHost(host, { all: true }, (error, addresses) => (error === null ? resolve(addresses) : reject(error)));
    }),
};

/** The address may not be reached. The message is the remedy, as a clause. */
export class UrlRefused extends Error {}

export interface GuardedInit {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Ends the request, the body of the answer included: give one that fires when it all takes too long. */
  signal?: AbortSignal;
}

export interface GuardOptions {
  reach?: Reach;
  /** Redirects of a GET to follow, each of them checked; without it none: the answer is the redirect. */
  redirects?: number;
  /** Longest silence of the other side. */
  silenceMs?: number;
}

/**
 * A request to an address that a caller named: a file to fetch, a webhook. As `fetch`, but that it connects to public
 * addresses only, whatever name leads there; the name is resolved once and the address found is the one connected to, so
 * that a name which changes its mind meanwhile (DNS rebinding) gains nothing. The body comes as it is sent, never unpacked;
 * read it or cancel it.
 * @throws {UrlRefused} for an address that may not be reached
 * @throws whatever the network says
 */
export async function guardedFetch(
  url: string | URL,
  init: GuardedInit = {},
  { reach = publicInternet, redirects = 0, silenceMs = 30_000 }: GuardOptions = {},
): Promise<Response> {
  let target = assertPublicUrl(url, reach);
  let headers = init.headers ?? {};
  for (let left = redirects; ; left--) {
    const message = await send(target, { ...init, headers }, reach, silenceMs);
    const location = redirects > 0 ? redirectOf(message) : undefined;
    if (location === undefined) return toResponse(message);
    message.destroy();
    if (left === 0) throw new UrlRefused(`give the address it leads to: it redirects more than ${redirects} times`);
    const next = assertPublicUrl(URL.parse(location, target.href) ?? location, reach);
    // What was meant for one site is nothing for another.
    if (next.origin !== target.origin) headers = {};
    target = next;
  }
}

/**
 * Checks all that can be seen of an address without a look at the network; `guardedFetch` does it by itself.
 * @throws {UrlRefused}
 */
export function assertPublicUrl(url: string | URL, reach: Reach = publicInternet): URL {
  const target = URL.parse(String(url));
  if (target === null) throw new UrlRefused("give a whole URL, such as https://example.com/path");
  const { protocol, port, hostname, username, password } = target;
  if (!reach.protocols.includes(protocol)) {
    throw new UrlRefused(`give a URL that begins with ${reach.protocols.map((each) => `${each}//`).join(" or ")}`);
  }
  if (username !== "" || password !== "") throw new UrlRefused("give a URL without a user name and password");
  const number = port === "" ? defaultPorts[protocol] : Number(port);
  if (number === undefined || !reach.ports.includes(number)) {
    throw new UrlRefused(`give a URL of port ${reach.ports.join(" or ")}`);
  }
  const host = withoutBrackets(hostname);
  if (isIP(host) !== 0 && !reach.allows(host)) throw notPublic();
  return target;
}

const defaultPorts: Record<string, number> = { "https:": 443, "http:": 80 };
const withoutBrackets = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1");
const notPublic = (): UrlRefused => new UrlRefused("give a URL whose host has a public address");

function send(target: URL, init: GuardedInit, reach: Reach, silenceMs: number): Promise<IncomingMessage> {
  const { method = "GET", headers = {}, body, signal } = init;
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      method,
      // Packed bodies would be stored packed.
      headers: { "accept-encoding": "identity", ...headers },
      lookup: guardedLookup(reach),
      // A connection of its own: kept ones would outlive what a name says, and the environment's proxy is not asked.
      agent: false,
      timeout: silenceMs,
      ...(signal !== undefined && { signal }),
    };
    const request = (target.protocol === "https:" ? httpsRequest : httpRequest)(target, options);
    request.on("response", resolve);
    request.on("error", reject);
    request.on("timeout", () => request.destroy(new Error(`nothing came for ${silenceMs / 1000} s`)));
    request.end(body);
  });
}

const guardedLookup =
  (reach: Reach): LookupFunction =>
  (host, options, done) => {
    reach.resolve(host).then(
      (found) => {
        const allowed = found.filter(({ address }) => reach.allows(address));
        const [first] = allowed;
        if (first === undefined) done(notPublic(), []);
        else if (options.all === true) done(null, allowed);
        else done(null, first.address, first.family);
      },
      (error: unknown) => done(error as Error, []),
    );
  };

function redirectOf({ statusCode = 0, headers }: IncomingMessage): string | undefined {
  return [301, 302, 303, 307, 308].includes(statusCode) ? headers.location : undefined;
}

function toResponse(message: IncomingMessage): Response {
  const headers = new Headers();
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    headers.append(message.rawHeaders[at] ?? "", message.rawHeaders[at + 1] ?? "");
  }
  const status = message.statusCode ?? 0;
  if (status < 200 || status > 599) {
    message.destroy();
    throw new Error(`the server answers with the status ${status}`);
  }
  const bodiless = [204, 205, 304].includes(status);
  if (bodiless) message.resume();
  return new Response(bodiless ? null : (Readable.toWeb(message) as ReadableStream<Uint8Array>), { status, headers });
}
