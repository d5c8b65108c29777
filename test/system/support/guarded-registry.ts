import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { basicOf, type registryUser, startDockerRegistry } from "./docker-registry.ts";

/** A registry that wants a login, and keeps what it was shown. */
export interface GuardedRegistry {
  /** `127.0.0.1:port`, as images are named. */
  host: string;
  /** Every `Authorization` that it was sent so far. */
  shown: Set<string>;
  stop: () => Promise<void>;
}

/**
 * @param user the only one who may push and pull
 * @throws {NoTool} where docker-registry is not installed
 */
export async function startGuardedRegistry(user: typeof registryUser): Promise<GuardedRegistry> {
  const registry = await startDockerRegistry();
  const [hostname, port] = registry.host.split(":");
  const shown = new Set<string>();
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const { authorization, ...others } = headers;
    if (authorization !== undefined) shown.add(authorization);
    if (authorization !== basicOf(user)) {
      request.resume();
      response.writeHead(401, { "www-authenticate": 'Basic realm="guarded"' }).end();
      return;
    }
    const passed = httpRequest({ hostname, port, method, path: url, headers: others }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    request.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    shown,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await registry.stop();
    },
  };
}
