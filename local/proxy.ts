import type { ClientRequest } from "node:http";
import { Transform } from "node:stream";
import type { Request, Response } from "express";
import { createProxyServer } from "httpxy";
import type { Account } from "./account/account.ts";
import type { Faults } from "./faults.ts";
import { failOnPurpose } from "./http-faults.ts";
import type { OperationLog } from "./operations.ts";

export interface ProxyOptions {
  account: Account;
  /** Port of this machine where a port of a pod is listened on; undefined while nothing runs. */
  address: (podId: string, port: number) => number | undefined;
  faults: Faults;
  operations: OperationLog;
  /** Milliseconds without an answer after which the request is given up with 524: 100 s at RunPod (documented). */
  timeoutMs: number;
  /** Largest request body in bytes; RunPod names none, 100 MB is the usual limit of the edge before it (assumption). */
  maxBodyBytes: number;
}

/**
 * `<base>/proxy/<podId>-<port>/<path>` for `https://<podId>-<port>.proxy.runpod.net/<path>`. Only ports declared as http
 * are reached; 502 while nothing listens (documented). 404 for what does not exist is an assumption.
 */
export function createPodProxy(options: ProxyOptions) {
  return async (request: Request<{ target: string }>, response: Response): Promise<void> => {
    if (request.originalUrl === request.baseUrl) {
      // At RunPod a port has a host of its own; here pages find what lies beside them only below a slash.
      response.redirect(308, `${request.baseUrl}/`);
      return;
    }
    const [, podId = "", port = ""] = /^([a-z0-9]+)-(\d+)$/.exec(request.params.target) ?? [];
    if (options.account.pod(podId)?.job.ports.includes(`${port}/http`) !== true) {
      refuse(response, 404, `there is no pod "${podId}" with port ${port}/http`);
      return;
    }
    const fault = options.faults.take("proxy", podId);
    if (fault !== undefined) options.operations.record({ name: "proxy", podId, outcome: "fault", detail: fault.kind });
    if (fault?.kind === "timeout" || (fault !== undefined && failOnPurpose(fault, response))) return;
    let upstream: ClientRequest | undefined;
    const tooLarge = () => {
      refuse(response, 413, `the body is larger than ${options.maxBodyBytes} bytes`);
      upstream?.destroy();
    };
    if (Number(request.headers["content-length"] ?? 0) > options.maxBodyBytes) {
      tooLarge();
      return;
    }
    const address = options.address(podId, Number(port));
    if (address === undefined) {
      refuse(response, 502, "nothing listens on this port");
      return;
    }

    const giveUp = setTimeout(() => {
      refuse(response, 524, "the pod did not answer in time");
      upstream?.destroy();
    }, options.timeoutMs);
    response.once("close", () => clearTimeout(giveUp));

    // One proxy per request: its events are about this request then.
    const proxy = createProxyServer({ xfwd: true, agent: false });
    proxy.on("proxyReq", (asked) => {
      upstream = asked;
    });
    proxy.on("proxyRes", () => {
      clearTimeout(giveUp);
      if (fault?.kind === "reset-after") response.destroy();
    });
    const body = request.pipe(limited(options.maxBodyBytes, tooLarge));
    try {
      await proxy.web(request, response, { target: `http://127.0.0.1:${address}`, buffer: body });
    } catch {
      refuse(response, 502, "nothing listens on this port");
    }
  };
}

/** Passes on so many bytes; a body of unknown length is held to the limit too. */
function limited(maxBytes: number, onTooLarge: () => void): Transform {
  let received = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      received += chunk.length;
      if (received <= maxBytes) {
        done(null, chunk);
        return;
      }
      onTooLarge();
      // The rest is read and dropped: the answer is on its way.
      done();
    },
  });
}

function refuse(response: Response, status: number, text: string): void {
  if (response.writableEnded) return;
  // Half an answer cannot be taken back: it breaks off, as it does at RunPod.
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.status(status).set("connection", "close").type("text").send(`${text}\n`);
  response.req.resume();
}
