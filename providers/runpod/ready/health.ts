import { type Health, health } from "../../../contract/api.ts";

const answerMs = 5000;

export interface HealthLook {
  /** undefined while nothing, or something else than a gateway, answers: RunPod's proxy says 502 until the port listens. */
  health: Health | undefined;
  /** What was there instead of a gateway. */
  instead: string;
}

/** Asks the gateway once how it is; ends after some seconds. */
export async function lookAtHealth(endpointUrl: string): Promise<HealthLook> {
  try {
    const answer = await fetch(`${endpointUrl}/healthz`, { signal: AbortSignal.timeout(answerMs) });
    const body: unknown = await answer.json().catch(() => undefined);
    return { health: health.safeParse(body).data, instead: `HTTP ${answer.status}` };
  } catch (error) {
    const { message, cause } = error as Error;
    return { health: undefined, instead: cause instanceof Error ? cause.message : message };
  }
}
