import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "../contract/errors.ts";
import { createApp } from "./app.ts";
import { createBoot } from "./boot.ts";
import { createComfyClient } from "./comfy/client.ts";
import { createComfyEvents } from "./comfy/events.ts";
import { createComfyProcess } from "./comfy/process.ts";
import { openDatabase } from "./db.ts";
import { createDiskFileStore } from "./files/disk-store.ts";
import { createJobRunner } from "./jobs/run.ts";
import { createSqliteJobStore } from "./jobs/sqlite-store.ts";
import { createWatch } from "./jobs/watch.ts";
import { createWorker } from "./jobs/worker.ts";
import { type Log, messageOf } from "./log.ts";
import type { GatewaySettings } from "./settings.ts";
import { loadWorkflow } from "./workflow/load.ts";

/** Everything that runs in the pod but ComfyUI itself, put together. */
export interface Gateway {
  /** Listens, then boots; ends when it listens. Answers its port. */
  start(): Promise<number>;
  /** Takes no more requests, hands the running job back to the queue, ends ComfyUI, closes the stores. */
  stop(): Promise<void>;
}

export function createGateway(settings: GatewaySettings, log: Log): Gateway {
  const { comfy, state, limits, appId, apiKey } = settings;
  const database = openDatabase(state.database);
  const jobs = createSqliteJobStore(database, limits.queuedJobs);
  const files = createDiskFileStore(database, state.files);

  const client = createComfyClient(comfy.url);
  const comfyProcess = createComfyProcess({ ...comfy, answers: () => client.answers(), log });
  const clientId = randomUUID();
  const watch = createWatch(client);
  const events = createComfyEvents({
    url: comfy.url,
    clientId,
    onPromptEnd: (promptId) => watch.promptEnded(promptId),
    onConnected: () => watch.look(),
    log,
  });
  const runner = createJobRunner({
    ...{ client, watch, files, clientId, appId, log },
    timeoutMs: limits.jobTimeoutMs,
    restartComfy: () => comfyProcess.restart(),
  });
  const worker = createWorker({ jobs, runner, comfyUp: (abort) => comfyProcess.whenUp(abort), log });

  const boot = createBoot({ load: () => loadWorkflow(settings), comfy: comfyProcess, client, log });
  const server = createServer(createApp({ apiKey, boot, jobs, files, worker, limits, log }));
  // A proxy before us gives up after 100 s; it should be the one that closes an idle connection.
  server.keepAliveTimeout = 110_000;
  server.headersTimeout = 30_000;
  // Time for 2 GB over a slow line; a connection that is silent for long is dropped well before.
  server.requestTimeout = 3_600_000;
  server.timeout = 120_000;

  const stopping = new AbortController();
  const stopped = (): boolean => stopping.signal.aborted;
  const bootAndWork = async (): Promise<void> => {
    if (stopped()) return;
    await boot.run(stopping.signal);
    const workflow = boot.workflow();
    if (stopped() || workflow === undefined || boot.health().status === "failed") return;
    events.open();
    worker.start(workflow);
  };
  let booting: Promise<void> = Promise.resolve();

  return {
    start: async () => {
      const port = await listen(server, settings.listen);
      log.info("gateway listens", { host: settings.listen.host, port });
      booting = bootAndWork();
      return port;
    },
    stop: async () => {
      stopping.abort();
      const closed = closeServer(server);
      // The worker first: a ComfyUI that goes away must not look like a lost job.
      const idle = worker.stop();
      await Promise.all([closed, idle, comfyProcess.stop(), events.close(), booting]);
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
