import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "../contract/errors.ts";
import { createDrain } from "./admin/drain.ts";
import { createKeyStore } from "./admin/keys.ts";
import { createApp } from "./app.ts";
import { createBoot } from "./boot/boot.ts";
import { pruneModels } from "./boot/models/prune.ts";
import { modelFolders } from "./boot/models/store.ts";
import { packsOf, podSteps } from "./boot/steps.ts";
import { createWarmUp } from "./boot/warm-up.ts";
import { createAttachedComfy } from "./comfy/attached.ts";
import { comfyFolders, createComfyClient } from "./comfy/client.ts";
import { createComfyProcess } from "./comfy/process.ts";
import { openDatabase } from "./db.ts";
import { lendingFolder } from "./files/blobs.ts";
import { createDiskFileStore } from "./files/disk-store.ts";
import { createSweeper } from "./files/sweeper.ts";
import { createJobs } from "./jobs/jobs.ts";
import { createHttpServer, type HttpTimeouts, usualTimeouts } from "./limits/timeouts.ts";
import { type LogTail, messageOf } from "./log.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { publicInternet, type Reach } from "./net/guarded-fetch.ts";
import { createIdleStop, type IdleStop } from "./pod/idle-stop.ts";
import { createLeavings } from "./pod/leavings.ts";
import { loadOwnPod } from "./pod/own-pod.ts";
import { askRunPod, createPodPrice } from "./pod/price.ts";
import { hasWork, type WorkOptions } from "./pod/work.ts";
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
  /** How long callers may take. */
  timeouts?: HttpTimeouts;
}

/** Where jobs may run as long as they like. */
const longestWarmUpMs = 900_000;
const longestJobMs = 24 * 3_600_000;

export function createGateway(
  settings: GatewaySettings,
  log: LogTail,
  { reach = publicInternet, timeouts = usualTimeouts }: Surroundings = {},
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
      : createComfyProcess({
          command: comfy.process.command,
          // Where its nodes may read, besides its own folders.
          env: { ...comfy.process.env, COMFY_ENDPOINTS_INPUTS_DIR: lendingFolder(state.files) },
          answers: async () => (await client.trouble()) === undefined,
          log,
        });
  const price = createPodPrice({ ask: settings.pod && askRunPod(settings.pod), log });
  const jobs = createJobs({
    ...{ database, files, appId, limits, log },
    comfy: { ...comfy, client, server: comfyServer, outlives: comfy.process === null },
    costPerHour: price.perHour,
    ended: (id) => {
      webhooks.wake();
      metrics.jobEnded(id);
    },
  });

  const { provisioning } = settings;
  const boot = createBoot({
    ...{ load: () => loadWorkflow(settings), comfy: comfyServer, client, log },
    steps: provisioning === null ? {} : podSteps(provisioning, log),
    warmUp:
      settings.warmUp &&
      createWarmUp({ inputs: settings.warmUp, client, timeoutMs: limits.jobTimeoutMs ?? longestWarmUpMs, log }),
    packs: () => (provisioning === null ? [] : packsOf(provisioning)),
  });
  const leavings =
    provisioning === null || comfy.folder === null
      ? null
      : createLeavings({
          folders: comfyFolders(comfy.folder),
          neededMs: 3_600_000 + (limits.jobTimeoutMs ?? longestJobMs),
          log,
        });
  const webhooks = createWebhooks({ database, jobs: jobs.view, secrets: settings.webhookSecrets, reach, log });
  const metrics = createMetrics({
    job: (id) => jobs.view.byId(id),
    unfinished: () => jobs.store.unfinished(),
    pendingDeliveries: () => webhooks.outbox.pending(),
    isReady: () => boot.health().status === "ok",
    costPerHour: price.perHour,
    log,
  });
  const idleStop = idleStopOf(settings, log, {
    unfinished: () => jobs.store.unfinished(),
    hasFailed: () => boot.health().status === "failed",
    nextAttemptAt: () => (webhooks.enabled ? webhooks.outbox.nextAt(new Set()) : Promise.resolve(undefined)),
  });
  const app = createApp({
    ...{ apiKey, boot, jobs, files, webhooks, metrics, idleStop, reach, log },
    prune:
      provisioning && ((request) => pruneModels(modelFolders(provisioning.models), provisioning.pod, request, log)),
    keys: createKeyStore(database),
    drain: createDrain(),
    limits: { ...limits, bodyMs: timeouts.body },
    corsOrigins: settings.corsOrigins,
  });
  const server = createHttpServer(app, timeouts);

  const stopping = new AbortController();
  const stopped = (): boolean => stopping.signal.aborted;
  const bootAndWork = async (): Promise<void> => {
    if (stopped()) return;
    await boot.run(stopping.signal);
    if (stopped()) return;
    idleStop?.start();
    const workflow = boot.workflow();
    if (workflow === undefined || boot.health().status === "failed") return;
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
      leavings?.start();
      booting = bootAndWork();
      // After ComfyUI was started, which takes its time anyway.
      price.start();
      return port;
    },
    stop: async () => {
      stopping.abort();
      price.stop();
      // First: a ComfyUI that goes away must not look like a lost job.
      const idle = jobs.stop();
      const ended = [comfyServer.stop(), webhooks.stop(), sweeper.stop(), leavings?.stop(), idleStop?.stop()];
      await Promise.all([idle, closeServer(server), ...ended, booting]);
      database.close();
    },
  };
}

function idleStopOf({ idleStopMs, pod }: GatewaySettings, log: LogTail, work: WorkOptions): IdleStop | null {
  if (idleStopMs === null) return null;
  if (pod === null) {
    log.warn("the pod does not stop when it is idle: RunPod's RUNPOD_POD_ID and RUNPOD_API_KEY are not set");
    return null;
  }
  return createIdleStop({
    ...{ afterMs: idleStopMs, log },
    hasWork: () => hasWork(work, idleStopMs),
    stopPod: async () => (await loadOwnPod(pod)).stop(),
  });
}

/** @throws {UserError} when the port is taken or not allowed */
export async function listen(server: Server, { host, port }: GatewaySettings["listen"]): Promise<number> {
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
