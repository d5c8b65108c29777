import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "../contract/errors.ts";
import { createDrain } from "./admin/drain.ts";
import { createKeyStore } from "./admin/keys.ts";
import { createApp } from "./app.ts";
import { createBoot } from "./boot.ts";
import { createAttachedComfy } from "./comfy/attached.ts";
import { createComfyClient } from "./comfy/client.ts";
import { createComfyProcess } from "./comfy/process.ts";
import { openDatabase } from "./db.ts";
import { createDiskFileStore } from "./files/disk-store.ts";
import { createSweeper } from "./files/sweeper.ts";
import { createJobs } from "./jobs/jobs.ts";
import { createHttpServer, usualTimeouts } from "./limits/timeouts.ts";
import { type LogTail, messageOf } from "./log.ts";
import { publicInternet, type Reach } from "./net/guarded-fetch.ts";
import type { GatewaySettings } from "./settings.ts";
import { createWebhooks } from "./webhooks/webhooks.ts";
import { loadWorkflow } from "./workflow/load.ts";

/** Everything that runs in the pod but ComfyUI itself, put together. */
export interface Gateway {
  /** Listens, then boots; ends when it listens. Answers its port. */
  start(): Promise<number>;
  /** Takes no more requests, hands the running job back to the queue, ends ComfyUI, closes the stores. */
  stop(): Promise<void>;
}

export interface Surroundings {
  /** What requests to addresses that callers name may reach. */
  reach?: Reach;
}

export function createGateway(
  settings: GatewaySettings,
  log: LogTail,
  { reach = publicInternet }: Surroundings = {},
): Gateway {
  const { comfy, state, limits, appId, apiKey } = settings;
  const database = openDatabase(state.database);
  const files = createDiskFileStore(database, state.files, {
    ...{ log, ttlMs: limits.fileTtlMs, quotaBytes: limits.fileQuotaBytes },
  });
  const sweeper = createSweeper(files, log);

  const client = createComfyClient(comfy.url);
  const comfyServer =
    comfy.process === null
      ? createAttachedComfy({ url: comfy.url, client, log })
      : createComfyProcess({ ...comfy.process, answers: async () => (await client.trouble()) === undefined, log });
  const jobs = createJobs({
    ...{ database, files, appId, limits, log },
    comfy: { url: comfy.url, client, server: comfyServer, outlives: comfy.process === null },
    // Nobody says yet what the pod costs.
    costPerHour: () => undefined,
  });

  const boot = createBoot({ load: () => loadWorkflow(settings), comfy: comfyServer, client, log });
  const webhooks = createWebhooks({ database, jobs: jobs.view, secret: settings.webhookSecret, reach, log });
  const app = createApp({
    ...{ apiKey, boot, jobs, files, webhooks, reach, log },
    keys: createKeyStore(database),
    drain: createDrain(),
    limits: { ...limits, bodyMs: usualTimeouts.body },
    corsOrigins: settings.corsOrigins,
  });
  const server = createHttpServer(app, usualTimeouts);

  const stopping = new AbortController();
  const stopped = (): boolean => stopping.signal.aborted;
  const bootAndWork = async (): Promise<void> => {
    if (stopped()) return;
    await boot.run(stopping.signal);
    const workflow = boot.workflow();
    if (stopped() || workflow === undefined || boot.health().status === "failed") return;
    jobs.start(workflow);
  };
  let booting: Promise<void> = Promise.resolve();

  return {
    start: async () => {
      await files.recover();
      const port = await listen(server, settings.listen);
      log.info("gateway listens", { host: settings.listen.host, port });
      webhooks.start();
      sweeper.start();
      booting = bootAndWork();
      return port;
    },
    stop: async () => {
      stopping.abort();
      // First: a ComfyUI that goes away must not look like a lost job.
      const idle = jobs.stop();
      await Promise.all([idle, closeServer(server), comfyServer.stop(), webhooks.stop(), sweeper.stop(), booting]);
      database.close();
    },
  };
}

/** @throws {UserError} when the port is taken or not allowed */
async function listen(server: Server, { host, port }: GatewaySettings["listen"]): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (cause) {
    throw new UserError(`cannot listen on ${host}:${port} (${messageOf(cause)}); free the port or choose another`, [], {
      cause,
    });
  }
  return (server.address() as AddressInfo).port;
}

/** Short requests may end; whatever takes longer is cut, so that all is over before a spot pod's 5 seconds are. */
async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), 1500);
  await closed;
  clearTimeout(cut);
}
