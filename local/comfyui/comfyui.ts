import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import express, { type NextFunction, type Request, type RequestHandler, type Response, Router } from "express";
import { createEvents } from "./events.ts";
import { createExecutor } from "./execution/executor.ts";
import { createPromptQueue } from "./execution/prompt-queue.ts";
import type { Folders } from "./folders.ts";
import { createFileRoutes } from "./http/file-routes.ts";
import { features, systemStats } from "./http/info.ts";
import { createJobRoutes } from "./http/job-routes.ts";
import { sameOriginOnly } from "./http/origin.ts";
import { createPromptRoutes } from "./http/prompt-routes.ts";
import type { NodeClass } from "./nodes/node.ts";
import { nodeClasses, objectInfo } from "./nodes/registry.ts";

export const previewMethods = ["none", "auto", "latent2rgb", "taesd"] as const;
export type PreviewMethod = (typeof previewMethods)[number];

export interface ComfyUiOptions {
  folders: Folders;
  /** What /system_stats shows as the command line. */
  argv?: readonly string[];
  /** The node classes it has, by name. */
  classes?: ReadonlyMap<string, NodeClass>;
  /** Largest body of any request; 100 MiB unless told otherwise. */
  maxUploadBytes?: number;
  /** How nodes that sample show what they have so far; by itself ComfyUI shows nothing. */
  previewMethod?: PreviewMethod;
  /** How long each request keeps it busy before it is looked at, in milliseconds. @default 0 */
  requestMs?: number;
}

export interface ComfyUi {
  /** How often each class was run, not counting what came from the cache. */
  executions: () => Record<string, number>;
  /** Serves on the loopback interface; 0 takes any port. */
  listen(port: number): Promise<Listening>;
}

export interface Listening {
  url: string;
  /** It was closed, or died of a prompt as ComfyUI may: nothing answers any more. */
  ended: Promise<void>;
  close(): Promise<void>;
}

/**
 * A stand-in for ComfyUI 0.33 that needs neither Python nor a GPU: the same HTTP API and websocket, with the few node
 * classes in nodes/. Held to recordings of the real one by test/local/comfyui.
 */
export function createComfyUi(options: ComfyUiOptions): ComfyUi {
  const { folders, argv = [], classes = nodeClasses, maxUploadBytes = 100 * 1024 * 1024 } = options;
  const { previewMethod = "none", requestMs = 0 } = options;
  const app = express();
  const server = createServer(app);
  const status = () => ({ status: { exec_info: { queue_remaining: queue.remaining() } } });
  let running: { clientId: string | undefined; node: string | undefined } = { clientId: undefined, node: undefined };

  const events = createEvents({
    server,
    status,
    runningNode: (clientId) => (clientId === running.clientId ? running.node : undefined),
    features: features(maxUploadBytes),
  });
  const executor = createExecutor({
    classes,
    folders,
    showsPreviews: previewMethod !== "none",
    die: () => end(),
    audience: {
      send: (event, data, prompt, broadcast = false) => {
        if (event === "executing") running = { clientId: prompt.clientId, node: String(data["node"]) };
        if (!broadcast && prompt.clientId === undefined) return;
        try {
          events.send(event, data, broadcast ? undefined : prompt.clientId);
        } catch {
          // What JSON cannot carry ends ComfyUI where somebody listens.
          end();
        }
      },
      sendBinary: (message, { clientId }) => {
        if (clientId !== undefined) events.sendBinary(message, clientId);
      },
      takesMetadata: ({ clientId }) => clientId !== undefined && events.takesMetadata(clientId),
    },
  });
  const queue = createPromptQueue({
    executor,
    onChange: () => events.send("status", status(), undefined),
    onEnded: (prompt) => {
      running = { clientId: undefined, node: undefined };
      if (prompt.clientId !== undefined) {
        events.send("executing", { node: null, prompt_id: prompt.id }, prompt.clientId);
      }
    },
  });

  const end = (): void => {
    queue.close();
    events.close();
    server.close();
    server.closeAllConnections();
  };

  const routes = Router();
  routes.use(createFileRoutes({ folders, maxUploadBytes }));
  // ComfyUI does not look at the content type, and tells an empty body from an empty object.
  const anyText = express.text({ type: () => true, limit: maxUploadBytes });
  routes.use(anyText);
  routes.use(
    createPromptRoutes({
      queue,
      knowledge: { classes, folders },
      forgetCache: executor.forgetCache,
    }),
  );
  routes.get("/system_stats", (_, response) => {
    response.json(systemStats(argv));
  });
  routes.get("/features", (_, response) => {
    response.json(features(maxUploadBytes));
  });
  routes.get("/object_info", (_, response) => {
    response.json(Object.fromEntries([...classes].map(([name, nodeClass]) => [name, objectInfo(nodeClass)])));
  });
  routes.get("/object_info/:name", (request, response) => {
    const { name } = request.params;
    const nodeClass = classes.get(name);
    response.json(nodeClass === undefined ? {} : { [name]: objectInfo(nodeClass) });
  });

  app.disable("x-powered-by");
  if (requestMs > 0) app.use(busyFor(requestMs));
  app.use(sameOriginOnly);
  app.use("/api/jobs", anyText, createJobRoutes(queue));
  app.use("/api", routes);
  app.use(routes);
  // The stand-in's own: what a test asks to know whether work was done.
  app.get("/local/executions", (_, response) => {
    response.json(executor.executions());
  });
  app.use((_: Request, response: Response) => void response.status(404).end());
  app.use(createTrouble(maxUploadBytes));

  return {
    executions: executor.executions,
    listen: async (port) => {
      // ComfyUI starts without the temporary files of its last life.
      rmSync(folders.temp, { recursive: true, force: true });
      for (const folder of Object.values(folders) as string[]) mkdirSync(folder, { recursive: true });
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      const ended = once(server, "close").then(() => undefined);
      return {
        url: `http://127.0.0.1:${portOf(server)}`,
        ended,
        close: () => {
          end();
          return ended;
        },
      };
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}

/** As Python is: it does nothing else meanwhile. */
const busyFor =
  (milliseconds: number): RequestHandler =>
  (_request, _response, next) => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
    next();
  };

/** Whatever went wrong, in aiohttp's words. */
function createTrouble(maxUploadBytes: number) {
  return (error: unknown, _: Request, response: Response, next: NextFunction): void => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
    response.type("text");
    if (status === 413 || code === "LIMIT_FILE_SIZE") {
      response.status(413).send(`Maximum request body size ${maxUploadBytes} exceeded.`);
    } else if (code === "LIMIT_UNEXPECTED_FILE") {
      response.status(400).send("");
    } else {
      response.status(500).send("500 Internal Server Error\n\nServer got itself in trouble");
    }
  };
}
