import type { Server } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Has a server close its connections in two steps, as RFC 9112 (9.6) asks: a connection that is closed while bytes arrive breaks,
 * and the answer that was sent over it is lost to whoever still writes.
 */
export function lingerBeforeClose(server: Server): void {
  server.on("connection", (socket) => {
    // What Node calls when the last answer of a connection is written.
    socket.destroySoon = () => hangUp(socket);
  });
}

/** Says that nothing more will come, and leaves time to read what has; what still arrives meanwhile is dropped. */
export function hangUp(socket: Duplex): void {
  const cut = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(cut));
  socket.on("error", () => undefined);
  socket.end();
  socket.resume();
}

const lingerMs = 5000;
