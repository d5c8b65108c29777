import { errorCodes } from "../../contract/api.ts";
import { answer, type Handlers, HttpProblem, pathParameter } from "../http.ts";
import type { JobStore } from "../jobs/store.ts";
import { deliveryBody, type Outbox } from "./outbox.ts";

export interface WebhookOptions {
  outbox: Outbox;
  jobs: Pick<JobStore, "get">;
  /** Whether there is a secret to sign with. */
  enabled: boolean;
  /** A delivery was queued. */
  wake: () => void;
}

export function webhookHandlers(options: WebhookOptions): Pick<Handlers, "deliveries" | "redeliver"> {
  const { outbox, jobs, enabled, wake } = options;
  const mustExist = async (jobId: string): Promise<void> => {
    if ((await jobs.get(jobId)) === undefined) throw new HttpProblem(404, errorCodes.jobNotFound);
  };
  return {
    deliveries: [
      answer<"deliveries">(async (request) => {
        const jobId = pathParameter(request, "id");
        await mustExist(jobId);
        return { status: 200, body: { items: (await outbox.ofJob(jobId)).map(deliveryBody) } };
      }),
    ],
    redeliver: [
      answer<"redeliver">(async (request) => {
        const jobId = pathParameter(request, "id");
        await mustExist(jobId);
        if (!enabled) throw nothingToSend(webhooksAreOff);
        const delivery = await outbox.redeliver(jobId, Date.now());
        if (delivery === undefined) throw nothingToSend("the job has no webhook, or has not ended");
        wake();
        return { status: 202, body: deliveryBody(delivery) };
      }),
    ],
  };
}

export const webhooksAreOff =
  "this endpoint has no secret to sign webhooks with; deploy it again, or set COMFY_ENDPOINTS_WEBHOOK_SECRET";

const nothingToSend = (detail: string): HttpProblem => new HttpProblem(409, errorCodes.noDelivery, { detail });
