import { once } from "node:events";
import { createServer } from "node:net";

// Below what systems give to outgoing connections: while a server is down, somebody who tries to reach it could get its
// port, and so itself.
const lowest = 20_000;
const highest = 32_000;

/** A loopback port for a server that comes and goes. */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
