import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FileObject } from "../../../contract/api.ts";
import { workflowDocument } from "../../support/apps.ts";
import { selfSigned } from "../../support/certificate.ts";
import { drawPictures, png, startGateway, type TestGateway } from "../../support/gateway.ts";
import { type LittleInternet, littleInternet } from "../../support/reach.ts";
import { storedFiles } from "../../support/stored-files.ts";
import { until } from "../../support/until.ts";

const contract = {
  contract_id: "c",
  version: "v1",
  inputs: [
    { name: "photo", type: "image/png", required: true, node_id: "1", url: true },
    { name: "other", type: "image/png", required: false, node_id: "4", url: true },
    { name: "steps", type: "integer", required: false, node_id: "2", field: "height" },
  ],
  outputs: [{ name: "image", type: "image/png", node_id: "3" }],
};
const apiInput = { class_type: "ApiInput", inputs: { name: "x", type: "string", required: false, value: "" } };
const workflow = { ...workflowDocument.prompt, "4": apiInput };
const identity = selfSigned("files.test");

let gateway: TestGateway;
let server: Server;
let net: LittleInternet;
let seen: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
beforeAll(() => setDefaultCACertificates([...getCACertificates("default"), identity.cert]));
beforeEach(async () => {
  seen = [];
  answer = (_request, response) => response.writeHead(200, { "content-type": "image/png" }).end(png);
  server = createServer(identity, (request, response) => {
    seen.push(request.url ?? "");
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  net = littleInternet((server.address() as AddressInfo).port);
  const env = { COMFY_ENDPOINTS_MAX_UPLOAD_MB: "1" };
  gateway = await startGateway({ contract, workflow, env, surroundings: { reach: net.reach } });
});
afterEach(async () => {
  await gateway.stop();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const url = (path: string, host = "files.test"): string => `https://${host}:${net.reach.ports[0]}${path}`;
const listed = async (): Promise<FileObject[]> =>
  ((await (await gateway.request("/files")).json()) as { items: FileObject[] }).items;
const run = async (inputs: object): Promise<[number, unknown]> => {
  const response = await gateway.request("/run", { method: "POST", body: JSON.stringify(inputs) });
  return [response.status, await response.json()];
};
const refused = async (target: string, reason: string, inputs: object = {}): Promise<void> => {
  const message = `is "${target}", which ${reason}`;
  const code = "url_not_fetched:photo";
  expect(await run({ photo: target, ...inputs })).toEqual([
    400,
    { error: "VALIDATION_ERROR", detail: code, problems: [{ path: "photo", code, message }] },
  ]);
  expect(storedFiles(gateway.settings.state.files)).toEqual([]);
  expect(await listed()).toEqual([]);
};

describe("a run with the address of a file", () => {
  it("fetches it when the run is taken, and the job takes it like an upload", async () => {
    drawPictures(gateway.comfy);
    const id = await gateway.run({ photo: url("/dir/f%C3%B6g.png?sig=secret") });
    expect(seen).toEqual(["/dir/f%C3%B6g.png?sig=secret"]);
    await gateway.jobIn("completed", id);
    const [, upload] = await listed();
    expect(upload).toMatchObject({ media_type: "image/png", source: "uploaded", original_name: "fög.png" });
    expect(gateway.comfy.submissions[0]?.prompt["1"]?.inputs["value"]).toBe(
      `${gateway.settings.state.files}/inputs/${id}/${upload?.file_id ?? ""}.png`,
    );
    expect(JSON.stringify(gateway.log)).not.toContain("secret");
  });

  it("follows redirects, and takes no name that tells nothing", async () => {
    answer = (request, response) => {
      if (request.url === "/go") response.writeHead(302, { location: "/blob/9f2" }).end();
      else response.writeHead(200, { "content-type": "image/webp" }).end("webp");
    };
    await gateway.run({ photo: url("/go") });
    expect(seen).toEqual(["/go", "/blob/9f2"]);
    expect(await listed()).toMatchObject([{ media_type: "image/webp" }]);
  });

  it("fetches none when another input is wrong", async () => {
    const [status] = await run({ photo: url("/a.png"), steps: "many" });
    expect([status, seen]).toEqual([400, []]);
  });

  it.each<[string, string, (request: IncomingMessage, response: ServerResponse) => void]>([
    [
      "a status",
      "answers with the status 404; give an address that answers 200",
      (_, response) => response.writeHead(404).end(),
    ],
    [
      "no content",
      "has no content; give the address of a file",
      (_, response) => response.writeHead(200, { "content-type": "image/png" }).end(),
    ],
    [
      "another type",
      "is text/html; the input takes image/png: give the address of such a file",
      (_, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<html>"),
    ],
    [
      "packed bytes",
      "comes packed (gzip) although that was not asked for",
      (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"),
    ],
    [
      "too much, as it says",
      "has more than 1048576 bytes; give a smaller file",
      (_, response) => response.writeHead(200, { "content-length": 2 ** 30 }).end("x"),
    ],
    [
      "too much, as it turns out",
      "has more than 1048576 bytes; give a smaller file",
      (_, response) => response.writeHead(200).end(Buffer.alloc(1024 ** 2 + 1)),
    ],
  ])("is refused for %s", async (_, reason, reply) => {
    answer = reply;
    await refused(url("/a.png"), reason);
  });

  it("is refused when it breaks off, or leads round in circles", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": 1000 }).write("half");
      setTimeout(() => response.destroy(), 10);
    };
    await refused(url("/a.png"), "cannot be fetched (aborted); give an address that answers");
    answer = (_request, response) => response.writeHead(301, { location: "/a.png" }).end();
    await refused(url("/a.png"), "is not fetched; give the address it leads to: it redirects more than 3 times");
    expect(seen).toHaveLength(5);
  });

  it("is refused when it leads to where callers have no business, and nothing is asked there", async () => {
    net.names.set("evil.test", [["10.0.0.1"]]);
    const reason = "is not fetched; give a URL whose host has a public address";
    for (const host of ["evil.test", "10.0.0.1", "[::1]", "169.254.169.254"])
      await refused(url("/a.png", host), reason);
    answer = (_request, response) => response.writeHead(302, { location: url("/", "evil.test") }).end();
    await refused(url("/a.png"), reason);
    await refused("https://files.test/a.png", `is not fetched; give a URL of port ${net.reach.ports[0]}`);
    expect(seen).toEqual(["/a.png"]);
  });

  it("is refused when the host is not who it says", async () => {
    net.names.set("other.test", [["127.0.0.1"]]);
    const [status, body] = await run({ photo: url("/a.png", "other.test") });
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining("cannot be fetched")]);
    expect(seen).toEqual([]);
  });

  it("keeps none of several when one cannot be had", async () => {
    answer = (request, response) => response.writeHead(request.url === "/b.png" ? 500 : 200).end("bytes");
    const [status, body] = await run({ photo: url("/a.png"), other: url("/b.png") });
    expect([status, body]).toMatchObject([400, { detail: "url_not_fetched:other" }]);
    expect(storedFiles(gateway.settings.state.files)).toEqual([]);
  });

  it("is given up when its caller goes away", async () => {
    answer = (_request, response) =>
      void response.writeHead(200, { "content-type": "image/png" }).write("x".repeat(100_000));
    const gone = new AbortController();
    const body = JSON.stringify({ photo: url("/a.png") });
    const going = gateway.request("/run", { method: "POST", body, signal: gone.signal });
    await until("it comes in", () => storedFiles(gateway.settings.state.files).length > 0, 5);
    gone.abort();
    await expect(going).rejects.toThrow();
    await until("nothing is left", () => storedFiles(gateway.settings.state.files).length === 0, 5);
    expect(gateway.log.filter(({ level }) => level === "error")).toEqual([]);
  });

  it.each([
    ["http://files.test/a.png"],
    ["ftp://files.test/a.png"],
    ["file:///etc/passwd"],
    ["/etc/passwd"],
    [`https://files.test/${"a".repeat(9000)}`],
    ["https://"],
  ])("takes %s for none", async (target) => {
    const [status, body] = await run({ photo: target });
    expect([status, (body as { detail: string }).detail]).toEqual([400, "invalid_input:photo"]);
    expect(JSON.stringify(body)).toContain(
      "upload the image/png to /files and give its file id (fid_ and 32 hex digits), or the https:// address where it is",
    );
  });
});
