import { retryAfterMs } from "../retry-after.ts";
import type { HeaderLookup, Hub, SourceFacts } from "./hubs/hub.ts";
import { hubs, type Tokens } from "./hubs/known.ts";

/** An answer's head. */
export interface Answer {
  status: number;
  header: HeaderLookup;
}

/**
 * One GET that follows no redirect. Throws what the network says.
 * - `head` reads nothing of the body;
 * - `json` gives it, undefined when it is none.
 */
export interface Ask {
  head(url: URL, headers: Record<string, string>): Promise<Answer>;
  json(url: URL, headers: Record<string, string>): Promise<unknown>;
}

/** A file as its source describes it, found without fetching it. */
export interface ResolvedSource extends SourceFacts {
  /** Where the bytes are, behind all redirects: for now, such addresses expire. */
  location: URL;
  /** What to send along with every request to that location. */
  headers: Record<string, string>;
  /** Whether the server gives parts of the file. */
  ranges: boolean;
  etag: string | undefined;
  /** The declared address, or one that names the same bytes for ever. */
  pinnedUrl: string;
}

/** The source does not give the file. The message says so in one clause. */
export class SourceRefused extends Error {
  readonly status: number | undefined;
  /** What somebody can do about it, as a clause. */
  readonly remedy: string;
  /** How long the server wants to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, remedy: string, more: { status?: number; retryAfterMs?: number | undefined } = {}) {
    super(message);
    this.remedy = remedy;
    this.status = more.status;
    this.retryAfterMs = more.retryAfterMs;
  }
}

const mostRedirects = 8;

/** Who is asked for a file: the address that was declared, the hub it is on, and the token that goes there. */
export interface Asked {
  declared: URL;
  hub: Hub | undefined;
  token: string | undefined;
}

/**
 * Finds out where a file is and what is said of it.
 * @param tokens each sent to its own origin alone, and only when the file was declared there: no redirect gets one
 * @param known other hubs than the public ones
 * @throws {SourceRefused} when the source answers that it does not give it
 */
export async function resolveSource(
  sourceUrl: string,
  tokens: Tokens,
  ask: Ask,
  known: readonly Hub[] = hubs,
): Promise<ResolvedSource> {
  const asked = askedFor(sourceUrl, tokens, known);
  const { declared, hub } = asked;
  const fileUrl = hub?.fileUrl(declared) ?? declared;
  let facts: SourceFacts = {};
  let location = fileUrl;
  for (let left = mostRedirects; ; left--) {
    // One byte: it tells the size, and whether parts are given; addresses that are signed for GET refuse HEAD.
    const answer = await ask.head(location, { ...authorization(location, asked), range: "bytes=0-0" });
    if (location.origin === hub?.origin) facts = { ...facts, ...hub.headerFacts(answer.header) };
    const next = redirectOf(location, answer);
    if (next === undefined) {
      const { sizeBytes, ...found } = fileOf(answer, asked);
      const all = { sizeBytes, ...facts, ...(await descriptionOf(fileUrl, asked, ask)) };
      if (sizeBytes !== undefined && all.sizeBytes !== sizeBytes) {
        const message = `${shown(declared)} has ${all.sizeBytes} bytes by its headers and ${sizeBytes} by its server`;
        throw new SourceRefused(message, "try again later, or give another source");
      }
      const pinned = all.revision === undefined ? undefined : hub?.pinned(fileUrl, all.revision);
      return {
        ...found,
        ...all,
        location,
        headers: authorization(location, asked),
        pinnedUrl: (pinned ?? declared).href,
      };
    }
    if (left === 0)
      throw new SourceRefused(`${shown(declared)} redirects more than ${mostRedirects} times`, anotherUrl);
    if (location.protocol === "https:" && next.protocol !== "https:") {
      throw new SourceRefused(`${shown(declared)} redirects from https to ${next.protocol}//`, anotherUrl);
    }
    if (next.origin === hub?.origin && /^\/login\b/.test(next.pathname)) {
      throw refusedAccess(`${shown(declared)} wants a login`, 401, asked);
    }
    location = next;
  }
}

/** @throws {SourceRefused} for something else than an address of http or https */
export function askedFor(sourceUrl: string, tokens: Tokens, known: readonly Hub[] = hubs): Asked {
  const declared = URL.parse(sourceUrl);
  if (declared === null || !/^https?:$/.test(declared.protocol)) {
    throw new SourceRefused(
      `${shown(sourceUrl)} is no address`,
      'give a "source_url" such as https://example.com/file',
    );
  }
  if (declared.username !== "" || declared.password !== "") {
    throw new SourceRefused(`${shown(declared)} holds a login`, 'give a "source_url" without a user name and password');
  }
  const hub = known.find(({ origin }) => origin === declared.origin);
  return { declared, hub, token: hub && tokens.get(hub.origin) };
}

/** The header that carries the token, for the token's own origin. */
function authorization(url: URL, { hub, token }: Asked): Record<string, string> {
  return token !== undefined && url.origin === hub?.origin ? { authorization: `Bearer ${token}` } : {};
}

const anotherUrl = 'give the address of the file itself as "source_url"';

/** An address as messages may show it: what is behind the question mark may be a signature or a token. */
export function shown(url: string | URL): string {
  const parsed = URL.parse(String(url));
  return parsed === null
    ? JSON.stringify(url)
    : `${parsed.origin}${parsed.pathname}${parsed.search === "" ? "" : "?…"}`;
}

function redirectOf(url: URL, { status, header }: Answer): URL | undefined {
  const location = [301, 302, 303, 307, 308].includes(status) ? header("location") : null;
  return location === null ? undefined : (URL.parse(location, url.href) ?? undefined);
}

/** The error of a server that does not answer with the file; undefined when it does. */
export function refusalOf({ status, header }: Answer, asked: Asked): SourceRefused | undefined {
  const source = shown(asked.declared);
  if (status === 416) return new SourceRefused(`${source} is empty`, anotherUrl, { status });
  if (status === 401 || status === 403) return refusedAccess(`${source} answers ${status}`, status, asked);
  if (status !== 200 && status !== 206) {
    const remedy = status === 404 || status === 410 ? 'check "source_url"' : "try again later, or give another source";
    return new SourceRefused(`${source} answers ${status}`, remedy, {
      status,
      retryAfterMs: retryAfterMs(header("retry-after"), Date.now()),
    });
  }
  const isPage = /^text\/html\b/i.test(header("content-type") ?? "");
  return isPage ? new SourceRefused(`${source} answers with a web page`, anotherUrl) : undefined;
}

function refusedAccess(message: string, status: number, { declared, hub, token }: Asked): SourceRefused {
  if (hub === undefined) return new SourceRefused(message, "give a source that needs no login", { status });
  const page = hub.accessPage(hub.fileUrl(declared));
  // Hugging Face says the same of what does not exist.
  const remedy =
    token === undefined
      ? `set ${hub.tokenVariables[0]} to a token of ${hub.name} that may read ${page}, or check "source_url"`
      : `let the owner of the token (${hub.tokenVariables.join(", ")}) get access at ${page}, or check "source_url"`;
  return new SourceRefused(message, remedy, { status });
}

function fileOf(answer: Answer, asked: Asked): Pick<ResolvedSource, "ranges" | "etag" | "sizeBytes"> {
  const refusal = refusalOf(answer, asked);
  if (refusal !== undefined) throw refusal;
  const { status, header } = answer;
  const text =
    status === 206 ? /^bytes 0-0\/(\d+)$/.exec(header("content-range") ?? "")?.[1] : header("content-length");
  const sizeBytes = /^\d+$/.test(text ?? "") ? Number(text) : undefined;
  return { ranges: status === 206 && sizeBytes !== undefined, etag: strongEtag(header), sizeBytes };
}

/** An ETag that stands for these very bytes. */
export function strongEtag(header: HeaderLookup): string | undefined {
  const etag = header("etag") ?? "";
  return /^".+"$/.test(etag) ? etag : undefined;
}

/** Tells nothing when the hub cannot be asked: what the file's own headers say is enough to fetch it. */
async function descriptionOf(fileUrl: URL, asked: Asked, ask: Ask): Promise<SourceFacts> {
  const url = asked.hub?.descriptionUrl?.(fileUrl);
  if (url === undefined) return {};
  const description = await ask.json(url, authorization(url, asked)).catch(() => undefined);
  return asked.hub?.describedFacts?.(fileUrl, description) ?? {};
}

const passing = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529];

/** Whether the same request may succeed a little later. */
export const mayPass = ({ status }: SourceRefused): boolean => status !== undefined && passing.includes(status);
