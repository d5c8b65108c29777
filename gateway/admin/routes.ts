import express, { type RequestHandler } from "express";
import { errorCodes, firstKeyName, keyNamePattern, routes } from "../../contract/api.ts";
import { answer, checked, type Handlers, HttpProblem, pathParameter, queryOf } from "../http.ts";
import { parseBody } from "../jobs/body.ts";
import type { LogTail } from "../log.ts";
import type { Drain } from "./drain.ts";
import { KeyConflict, type KeyStore } from "./keys.ts";

export interface AdminOptions {
  keys: KeyStore;
  /** Hash of the endpoint's first key, in hex: no other key may be that one. */
  firstKeySha256: string;
  drain: Drain;
  /** How many jobs wait and run. */
  unfinished: () => Promise<{ queued: number; running: number }>;
  log: LogTail;
}

type AdminRoutes = "keys" | "putKey" | "deleteKey" | "drain" | "endDrain" | "logs";

const smallBody: RequestHandler = express.raw({ type: () => true, limit: 64 * 1024 });
const usualTail = 200;

export function adminHandlers(options: AdminOptions): Pick<Handlers, AdminRoutes> {
  const { keys, firstKeySha256, drain, unfinished, log } = options;
  return {
    keys: [answer<"keys">(() => ({ status: 200, body: { items: [...keys.list()] } }))],
    putKey: [
      smallBody,
      answer<"putKey">(async (request) => {
        const name = pathParameter(request, "name");
        checkName(name);
        const registration = checked(routes.putKey.body, parseBody(request.body));
        if (registration.sha256 === firstKeySha256) throw conflict(firstKeyName);
        try {
          const { key, isNew } = await keys.put(name, registration);
          log.info("key registered", { name, scopes: key.scopes, new: isNew });
          return { status: isNew ? 201 : 200, body: key };
        } catch (error) {
          if (!(error instanceof KeyConflict)) throw error;
          const other = keys.list().find(({ sha256 }) => sha256 === registration.sha256);
          throw conflict(other?.name ?? "of another name");
        }
      }),
    ],
    deleteKey: [
      async (request, response) => {
        const name = pathParameter(request, "name");
        if (!(await keys.remove(name))) throw new HttpProblem(404, errorCodes.keyNotFound);
        log.info("key revoked", { name });
        response.status(204).end();
      },
    ],
    drain: [
      smallBody,
      answer<"drain">(async (request) => {
        const isEmpty = !Buffer.isBuffer(request.body) || request.body.length === 0;
        const { seconds } = checked(routes.drain.body, isEmpty ? {} : parseBody(request.body));
        if (!drain.isOn()) log.info("drain begins", { seconds });
        drain.begin(seconds);
        const { queued, running } = await unfinished();
        return { status: 200, body: { state: queued + running === 0 ? "drained" : "draining", queued, running } };
      }),
    ],
    endDrain: [
      (_request, response) => {
        if (drain.isOn()) log.info("drain ends");
        drain.end();
        response.status(204).end();
      },
    ],
    logs: [
      (request, response) => {
        const { tail } = queryOf(request, routes.logs.query);
        response.setHeader("content-type", "application/x-ndjson");
        response.end(log.tail(tail === undefined ? usualTail : Number(tail)).join(""));
      },
    ],
  };
}

/** Refuses a run while the endpoint drains. */
export function refuseWhileDraining(drain: Pick<Drain, "isOn">): RequestHandler {
  return (_request, _response, next) => {
    if (!drain.isOn()) {
      next();
      return;
    }
    const detail = "the endpoint takes no more runs; another one takes its place, or it goes on in a while";
    throw new HttpProblem(503, errorCodes.draining, { detail }, { "retry-after": "30" });
  };
}

function checkName(name: string): void {
  const message = !keyNamePattern.test(name)
    ? "give letters, digits, ., _ and -, beginning with a letter or digit, at most 64"
    : name === firstKeyName
      ? "that is the endpoint's own key, which only a deployment changes; give another name"
      : undefined;
  if (message === undefined) return;
  const problems = [{ path: "name", message: `is "${name}"; ${message}` }];
  throw new HttpProblem(400, errorCodes.validation, { detail: message, problems });
}

function conflict(name: string): HttpProblem {
  const detail = `the key "${name}" has that hash; give each name a key of its own`;
  return new HttpProblem(409, errorCodes.keyConflict, { detail });
}
