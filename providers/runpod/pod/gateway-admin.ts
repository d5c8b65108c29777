import { errorBody, type Route, type RouteName, routePath, routes } from "../../../contract/api.ts";

const answerMs = 10_000;

/** What a gateway answered; `silent` when none did: the pod is gone, or its proxy answered in its place. */
export type AdminAnswer =
  | { kind: "ok"; body: unknown }
  | { kind: "refused"; status: number; error: string; detail: string }
  | { kind: "silent"; reason: string };

/** A running gateway, and a key that it takes for administration. */
export interface Administered {
  endpointUrl: string;
  adminKey: string;
}

/** Asks a gateway once, over one of the routes that administer it. */
export async function askGateway(
  { endpointUrl, adminKey }: Administered,
  name: RouteName,
  parameters: Record<string, string> = {},
  body?: object,
): Promise<AdminAnswer> {
  const { method, responses }: Route = routes[name];
  try {
    const response = await fetch(endpointUrl.replace(/\/+$/, "") + routePath(name, parameters), {
      method,
      headers: { "x-api-key": adminKey, "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(answerMs),
    });
    const text = await response.text();
    const document = parsed(text);
    const schema = responses[response.status];
    if (schema === "nothing") return { kind: "ok", body: undefined };
    if (schema !== undefined && typeof schema !== "string" && schema.safeParse(document).success) {
      return { kind: "ok", body: document };
    }
    // Proxies answer in HTML: that a pod is not there is no word of its gateway.
    const refusal = errorBody.safeParse(document).data;
    if (refusal === undefined) return { kind: "silent", reason: `HTTP ${response.status}` };
    return { kind: "refused", status: response.status, error: refusal.error, detail: refusal.detail ?? refusal.error };
  } catch (error) {
    const { message, cause } = error as Error;
    return { kind: "silent", reason: cause instanceof Error && cause.message !== "" ? cause.message : message };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
