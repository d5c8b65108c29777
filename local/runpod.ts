import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import express from "express";
import { type Account, createAccount } from "./account/account.ts";
import { type Catalogue, defaultCatalogue } from "./catalogue.ts";
import { createFaults, type Faults } from "./faults.ts";
import { createGraphQlHandler } from "./graphql/handler.ts";
import type { ReportingDelays } from "./graphql/pod-view.ts";
import { createRoot } from "./graphql/resolvers.ts";
import { podApiKey } from "./host/container-env.ts";
import { type ContainerImage, createHost, type Host } from "./host/host.ts";
import { createLocalRoutes } from "./local-routes.ts";
import { createOperationLog, type OperationLog, type OperationWatch } from "./operations.ts";
import { createPodProxy } from "./proxy.ts";
import { createRestRoutes } from "./rest/routes.ts";

export interface LocalRunPodOptions {
  /** Where pods and network volumes lie. */
  dataFolder: string;
  /** The account's API key. */
  apiKey?: string;
  /** What every pod runs, whatever image it names. */
  container: ContainerImage;
  catalogue?: Catalogue;
  /** USD. */
  balance?: number;
  /** Milliseconds that pulling an image takes. */
  pullMs?: number;
  /** Milliseconds that a new pod is missing in lists. */
  listLagMs?: number;
  reporting?: Partial<ReportingDelays>;
  proxy?: { timeoutMs?: number; maxBodyBytes?: number };
  watch?: OperationWatch;
}

/** RunPod on this machine: its API, its pods, its proxy. It does nothing until it listens. */
export interface LocalRunPod {
  account: Account;
  faults: Faults;
  operations: OperationLog;
  host: Pick<Host, "pid" | "logTail">;
  apiKey: string;
  /**
   * Serves on the loopback interface.
   * @param port 0 for any
   * @throws when the port is in use (code EADDRINUSE)
   */
  listen: (port: number) => Promise<Listening>;
}

export interface Listening {
  /** `http://127.0.0.1:7777`: GraphQL at `/graphql`, REST at `/v2`, pods at `/proxy`, its own page at `/local`. */
  url: string;
  /** Ends all pods, then the server. */
  close: () => Promise<void>;
}

export function createLocalRunPod(options: LocalRunPodOptions): LocalRunPod {
  const apiKey = options.apiKey ?? "local-key";
  const faults = createFaults();
  const operations = createOperationLog();
  let url = "";
  const host = createHost({
    dataFolder: options.dataFolder,
    image: options.container,
    pullMs: options.pullMs ?? 300,
    apiUrl: () => url,
    report: (podId, event) => account.report(podId, event),
  });
  const account = createAccount({
    catalogue: options.catalogue ?? defaultCatalogue(),
    balance: options.balance ?? 100,
    onOrder: host.order,
  });
  const root = createRoot({
    account,
    listLagMs: options.listLagMs ?? 100,
    delays: { runtimeMs: 100, portsMs: 100, staleRuntimeMs: 300, ...options.reporting },
    sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILocalRunPod local",
  });

  const isKey = (key: string): boolean => key === apiKey || account.pods().some((pod) => podApiKey(pod.id) === key);

  const app = express();
  app.disable("x-powered-by");
  app.post(
    "/graphql",
    express.json({ limit: "16mb" }),
    createGraphQlHandler({
      root,
      faults,
      operations,
      watch: options.watch,
      isKey,
    }),
  );
  app.use("/v2", createRestRoutes({ account, host, faults, operations, isKey }));
  app.use(
    "/proxy/:target",
    createPodProxy({
      account,
      address: host.address,
      faults,
      operations,
      timeoutMs: options.proxy?.timeoutMs ?? 100_000,
      maxBodyBytes: options.proxy?.maxBodyBytes ?? 100 * 1024 * 1024,
    }),
  );
  app.use("/local", createLocalRoutes({ account, host, faults, operations }));

  return {
    account,
    faults,
    operations,
    host,
    apiKey,
    listen: async (port) => {
      await mkdir(options.dataFolder, { recursive: true });
      // A request may take as long as the pod behind it takes.
      const server = createServer({ requestTimeout: 0 }, app);
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
      url = `http://127.0.0.1:${address.port}`;
      return {
        url,
        close: async () => {
          await host.close();
          server.close();
          server.closeAllConnections();
          await once(server, "close");
        },
      };
    },
  };
}
