import type { IncomingHttpHeaders } from "node:http";
import type { NextFunction, Request, Response } from "express";

/** Whether a browser asks for the page of another site. Called by another name than a loopback one, ComfyUI does not compare. */
export function isForeign({ origin, host, "sec-fetch-site": site }: IncomingHttpHeaders): boolean {
  if (site === "cross-site") return true;
  const from = URL.parse(origin ?? "");
  const to = URL.parse(`http://${host ?? ""}`);
  if (from === null || to === null || !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(to.hostname)) return false;
  // A port counts where both have one.
  return from.hostname !== to.hostname || (from.port !== "" && to.port !== "" && from.port !== to.port);
}

/** ComfyUI turns such pages away, and lets browsers ask beforehand for whatever they like. */
export function sameOriginOnly(request: Request, response: Response, next: NextFunction): void {
  if (isForeign(request.headers)) response.status(403).end();
  else if (request.method === "OPTIONS") response.status(200).end();
  else next();
}
