import cors from "cors";
import type { RequestHandler } from "express";
import helmet from "helmet";
import { type Route, routes } from "../../contract/api.ts";

/**
 * Headers that tell browsers to do nothing of their own with our answers. Pages and files have stricter or other rules of
 * their own, which replace the policy given here.
 * @param origins of other sites that may call us
 */
export function securityHeaders(origins: readonly string[]): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] },
    },
    // Pictures of ours are shown on the sites that may call us.
    crossOriginResourcePolicy: { policy: origins.length > 0 ? "cross-origin" : "same-origin" },
    // For whoever comes over HTTPS; others do not heed it. Names beside ours are none of our business.
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
    xFrameOptions: { action: "deny" },
  });
}

/** Lets the scripts of other sites call the API; a key they need all the same. `*` is everybody. */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const methods = new Set<string>(Object.values<Route>(routes).map(({ method }) => method));
  return cors({
    origin: origins.includes("*") ? "*" : [...origins],
    methods: [...methods],
    // The request's own list, whatever it is: that a header is sent gives no right here.
    exposedHeaders: [
      "content-disposition",
      "retry-after",
      "ratelimit",
      "ratelimit-policy",
      "location",
      "content-location",
      "x-job-id",
      "idempotent-replayed",
    ],
    maxAge: 600,
  });
}
