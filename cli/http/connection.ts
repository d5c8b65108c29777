import { errorBody, type ResponseBody, type Route, type RouteName, routePath, routes } from "../../contract/api.ts";
import { problemLine } from "../../contract/errors.ts";
import { retryAfterMs } from "../../contract/retry-after.ts";
import { HttpError } from "./http-error.ts";
import { jsonTimeoutMs, networkReason } from "./network-reason.ts";

export interface ConnectionOptions {
  /** Base address of the endpoint. */
  url: string;
  /** Sent as `x-api-key`; undefined sends none. */
  apiKey: string | undefined;
  /** What a user may do about a key that is refused. */
  keyRemedy: string;
  /** What a user may do where no gateway answers. @default nothing is said */
  silenceRemedy?: string | undefined;
  userAgent: string;
  /** Ends every request when it is aborted. */
  signal: AbortSignal;
}

export interface Request {
  parameters?: Record<string, string>;
  query?: Record<string, string | undefined>;
  body?: string | Blob;
  headers?: Record<string, string>;
  /** What ends the request, when not the user's signal or the time that a JSON answer may take. */
  signal?: AbortSignal;
}

export interface Sent {
  response: Response;
  /** The request, as errors name it. */
  label: string;
  /** What errors say when the answer is not a gateway's, or none. */
  silence: string;
}

/** Requests to one endpoint. What goes wrong is an {@link HttpError}. */
export interface Connection {
  /** Sends a request; the answer is whatever came. */
  send(name: RouteName, request: Request): Promise<Sent>;
  /** Sends a request and gives the body of the answer; any status that the route does not have is an error. */
  call<Name extends RouteName, Status extends keyof (typeof routes)[Name]["responses"]>(
    name: Name,
    request?: Request,
  ): Promise<ResponseBody<Name, Status>>;
  /** The error that an answer of a status the route does not have stands for. */
  refusal(sent: Sent): Promise<HttpError>;
  /** The error of an answer that stopped in its middle. */
  brokenOff(label: string, cause: unknown): HttpError;
}

export function createConnection(options: ConnectionOptions): Connection {
  const { url, apiKey, keyRemedy, silenceRemedy, userAgent, signal } = options;

  const send = async (name: RouteName, request: Request): Promise<Sent> => {
    const { method, scope } = routes[name];
    const address = url + routePath(name, request.parameters) + queryText(request.query);
    const label = `${method} ${address}`;
    // Whoever asks for its health is about to tell more.
    const silence = silenceRemedy === undefined || name === "health" ? "" : `; ${silenceRemedy}`;
    const key = scope === "open" || apiKey === undefined ? {} : { "x-api-key": apiKey };
    const headers = { "user-agent": userAgent, ...key, ...request.headers };
    try {
      const ending = request.signal ?? signal;
      const response = await fetch(address, { method, headers, body: request.body ?? null, signal: ending });
      return { response, label, silence };
    } catch (cause) {
      signal.throwIfAborted();
      throw new HttpError(`${label} got no answer: ${networkReason(cause)}${silence}`, {}, { cause });
    }
  };

  const brokenOff = (label: string, cause: unknown): HttpError => {
    signal.throwIfAborted();
    return new HttpError(`${label} broke off: ${networkReason(cause)}`, {}, { cause });
  };

  const textOf = async ({ response, label }: Sent): Promise<string> => {
    try {
      return await response.text();
    } catch (cause) {
      throw brokenOff(label, cause);
    }
  };

  const refusal = ({ response, label, silence }: Sent, text: string): HttpError => {
    const { status, headers } = response;
    const body = errorBody.safeParse(parseJson(text)).data;
    const code = body?.error ?? excerpt(text);
    const details = body?.problems?.map(problemLine) ?? (body?.detail === undefined ? [] : [body.detail]);
    const said = [...(code === "" ? [] : [` ${code}`]), ...(details.length === 0 ? [] : [`: ${details.join("; ")}`])];
    const remedy = status === 401 ? `; ${keyRemedy}` : body === undefined ? silence : "";
    const wait = retryAfterMs(headers.get("retry-after"), Date.now());
    return new HttpError(`${label} answered ${status}${said.join("")}${remedy}`, {
      ...{ status, code: body?.error, retryAfterMs: wait },
    });
  };

  return {
    send,
    call: async <Name extends RouteName, Status extends keyof (typeof routes)[Name]["responses"]>(
      name: Name,
      request: Request = {},
    ) => {
      const ending = request.signal ?? AbortSignal.any([signal, AbortSignal.timeout(jsonTimeoutMs)]);
      const sent = await send(name, { ...request, signal: ending });
      const text = await textOf(sent);
      const { status } = sent.response;
      const schema = (routes[name] as Route).responses[status];
      if (schema === undefined) throw refusal(sent, text);
      const parsed = typeof schema === "string" ? undefined : schema.safeParse(parseJson(text));
      if (parsed?.success === true) return parsed.data as ResponseBody<Name, Status>;
      const message = `${sent.label} answered ${status} with something else than it should: ${excerpt(text)}`;
      throw new HttpError(message, { status });
    },
    refusal: async (sent) => refusal(sent, await textOf(sent)),
    brokenOff,
  };
}

function queryText(query: Record<string, string | undefined> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Proxies answer in HTML and plain text.
    return undefined;
  }
}

/** The first words of an answer that is not ours, such as a proxy's page. */
const excerpt = (text: string): string => {
  const line = text
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
};
