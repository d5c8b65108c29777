import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** An address on this machine at which nobody listens. */
export async function nobodyThere(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}
