import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type NextFunction, type Request, type Response } from "express";
import { message } from "./bodies.ts";
import { ownWorkflow, type TestRepository } from "./repository.ts";
import { addRoutes } from "./routes.ts";

/** What is answered instead of a route's own answer, once. */
export interface Fault {
  /** Of `METHOD path`. */
  at: RegExp;
  /** Undefined cuts the connection: once the route has done its work, and its answer is lost. */
  status: number | undefined;
  headers?: Record<string, string>;
  body?: object;
}

/** GitHub's REST API, as far as images are built with it. */
export interface TestGitHub {
  /** Base address of the API. */
  url: string;
  repository: TestRepository;
  /** `METHOD path` of each request, in order. */
  asked: string[];
  faults: Fault[];
  /** Called with each request, before it is answered. */
  onRequest: (line: string) => void;
  settings: GitHubServerSettings;
  close(): void;
}

export interface GitHubServerSettings {
  token: string;
  /** Whose token it is; undefined for that of a workflow. */
  login: string | undefined;
  /** Whether the token may start workflows, and see the repository. */
  mayStart: boolean;
  maySee: boolean;
  /** What a dispatch tells of its run: its id when asked for, nothing, or it refuses the question. */
  tellsRun: "when asked" | "never" | "refuses";
}

export async function startTestGitHub(settings: Partial<GitHubServerSettings> = {}): Promise<TestGitHub> {
  const logs = new Map<string, string>();
  const app = express();
  const api = await listen(createServer(app));
  const storage = await listen(createServer((request, response) => giveLog(logs, request, response)));
  const github: TestGitHub = {
    ...{ url: addressOf(api), asked: [], faults: [], onRequest: () => undefined },
    repository: {
      ...{ owner: "octo-org", name: "octo-repo", refs: {}, commits: new Map(), workflow: ownWorkflow },
      ...{ runs: [], secrets: new Map(), plans: [] },
    },
    settings: {
      token: "ghp_test",
      login: "octocat",
      mayStart: true,
      maySee: true,
      tellsRun: "when asked",
      ...settings,
    },
    close: () => {
      for (const server of [api, storage]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
  app.use(express.json());
  app.use((request, response, next) => strike(github, request, response, next));
  app.use((request, response, next) => authorize(github, request, response, next));
  addRoutes(app, github, (job, log) => {
    logs.set(`/${job}`, log);
    return `${addressOf(storage)}/${job}?sig=signed`;
  });
  return github;
}

async function listen(server: Server): Promise<Server> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Logs lie at another host, at signed addresses; a token has no business there, and is refused. */
function giveLog(
  logs: ReadonlyMap<string, string>,
  { url = "", headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const log = logs.get(url.replace(/\?.*/, ""));
  if (headers.authorization !== undefined || log === undefined) response.writeHead(403).end("AuthenticationFailed");
  else response.writeHead(200, { "content-type": "text/plain" }).end(log);
}

function strike(github: TestGitHub, request: Request, response: Response, next: NextFunction): void {
  const line = `${request.method} ${request.path}`;
  github.asked.push(line);
  github.onRequest(line);
  const fault = github.faults.find(({ at }) => at.test(line));
  if (fault === undefined) {
    next();
    return;
  }
  github.faults.splice(github.faults.indexOf(fault), 1);
  const { status, headers = {}, body } = fault;
  if (status !== undefined) {
    response
      .status(status)
      .set(headers)
      .json(body ?? message("Server Error", status));
    return;
  }
  response.end = () => {
    request.socket.destroy();
    return response;
  };
  next();
}

function authorize({ settings }: TestGitHub, request: Request, response: Response, next: NextFunction): void {
  if (request.headers.authorization !== `token ${settings.token}`) {
    response.status(401).json(message("Bad credentials", 401));
  } else if (request.headers["x-github-api-version"] !== "2022-11-28") {
    response.status(400).json(message("this is no supported version", 400));
  } else next();
}
