import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assertPublicUrl, guardedFetch, UrlRefused } from "../../../gateway/net/guarded-fetch.ts";
import { type LittleInternet, littleInternet } from "../../support/reach.ts";

let server: Server;
let port: number;
let net: LittleInternet;
let seen: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
beforeEach(async () => {
  seen = [];
  answer = (_request, response) => response.end("hello");
  server = createServer((request, response) => {
    seen.push(`${request.method ?? ""} ${request.headers.host ?? ""}${request.url ?? ""}`);
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  net = littleInternet(port);
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const url = (path = "/", host = "files.test"): string => `http://${host}:${port}${path}`;
const get = (target: string, redirects = 3): Promise<Response> =>
  guardedFetch(target, {}, { reach: net.reach, redirects });
const toPath = (path: string) => (_request: IncomingMessage, response: ServerResponse) =>
  response.writeHead(302, { location: path }).end();

describe("a guarded request", () => {
  it("reaches a host that is public, under its own name", async () => {
    answer = (_request, response) => response.writeHead(201, { "content-type": "text/x", "x-a": "b" }).end("hello");
    const response = await get(url("/a?b=c"));
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      201,
      "text/x",
      "hello",
    ]);
    expect(seen).toEqual([`GET files.test:${port}/a?b=c`]);
  });

  it("sends a body and headers", async () => {
    answer = (request, response) => {
      void request.toArray().then((chunks: Buffer[]) => {
        const { "x-a": header, "content-length": length } = request.headers;
        response.end(`${String(header)} ${length} ${Buffer.concat(chunks).toString()}`);
      });
    };
    const init = { method: "POST", headers: { "x-a": "b" }, body: "füße" };
    expect(await (await guardedFetch(url(), init, { reach: net.reach })).text()).toBe("b 6 füße");
  });

  it.each(["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "192.168.0.1"])(
    "goes nowhere when the name leads to %s",
    async (address) => {
      net.names.set("evil.test", [[address]]);
      await expect(get(url("/", "evil.test"))).rejects.toThrow(
        new UrlRefused("give a URL whose host has a public address"),
      );
      expect(seen).toEqual([]);
    },
  );

  it("goes to the public ones of a name's addresses only", async () => {
    net.names.set("both.test", [["10.0.0.1", "127.0.0.1", "::1"]]);
    expect((await get(url("/", "both.test"))).status).toBe(200);
  });

  it("connects to the address that it judged, although the name has another by then", async () => {
    net.names.set("rebind.test", [["127.0.0.1"], ["10.0.0.1"]]);
    expect((await get(url("/", "rebind.test"))).status).toBe(200);
    expect(net.lookups).toEqual(["rebind.test"]);
    // Each request is judged anew: there is no connection left of the one before.
    await expect(get(url("/", "rebind.test"))).rejects.toThrow(UrlRefused);
    expect(seen).toHaveLength(1);
  });

  it("judges every redirect", async () => {
    net.names.set("evil.test", [["10.0.0.1"]]);
    for (const location of [
      ...[`http://evil.test:${port}/`, `http://10.0.0.1:${port}/`, "http://files.test:22/", "ftp://files.test/"],
      ...["file:///etc/passwd", `http://user:pass@files.test:${port}/`, "http://[::1]/", "http://"],
    ]) {
      answer = toPath(location);
      await expect(get(url()), location).rejects.toThrow(UrlRefused);
    }
    expect(new Set(seen)).toEqual(new Set([`GET files.test:${port}/`]));
  });

  it("follows as many redirects as it may, relative ones too, and not one more", async () => {
    answer = (request, response) => {
      const step = Number(request.url?.slice(1));
      if (step === 3) response.end("there");
      else response.writeHead(307, { location: `${step + 1}` }).end();
    };
    expect(await (await get(url("/0"))).text()).toBe("there");
    await expect(get(url("/0"), 2)).rejects.toThrow(
      new UrlRefused("give the address it leads to: it redirects more than 2 times"),
    );
  });

  it("gives a redirect back when it may follow none", async () => {
    answer = toPath("/other");
    const response = await guardedFetch(url(), {}, { reach: net.reach });
    expect([response.status, response.headers.get("location"), seen.length]).toEqual([302, "/other", 1]);
  });

  it("takes no headers from one site to another", async () => {
    net.names.set("other.test", [["127.0.0.1"]]);
    const headers: unknown[] = [];
    answer = (request, response) => {
      headers.push(request.headers.authorization);
      if (request.url === "/") response.writeHead(302, { location: "/same" }).end();
      else if (request.url === "/same") response.writeHead(302, { location: url("/end", "other.test") }).end();
      else response.end();
    };
    await guardedFetch(url(), { headers: { authorization: "secret" } }, { reach: net.reach, redirects: 3 });
    expect(headers).toEqual(["secret", "secret", undefined]);
  });

  it("ends when nothing comes any more, before the head and after it", async () => {
    const options = { reach: net.reach, silenceMs: 50 };
    answer = () => undefined;
    await expect(guardedFetch(url(), {}, options)).rejects.toThrow("nothing came for 0.05 s");
    answer = (_request, response) => void response.writeHead(200).write("half");
    const response = await guardedFetch(url(), {}, options);
    await expect(response.text()).rejects.toThrow();
  });

  it("ends when its caller gives it up, before the head and after it", async () => {
    const options = { reach: net.reach };
    answer = () => undefined;
    await expect(guardedFetch(url(), { signal: AbortSignal.timeout(30) }, options)).rejects.toThrow();
    const gone = new AbortController();
    answer = (_request, response) => void response.writeHead(200).write("half");
    const response = await guardedFetch(url(), { signal: gone.signal }, options);
    gone.abort();
    await expect(response.text()).rejects.toThrow();
  });

  it("does not take half a body for a whole one", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": 100 }).write("half");
      setTimeout(() => response.destroy(), 10);
    };
    await expect((await get(url())).text()).rejects.toThrow();
  });

  it("fails for a status that is none, and for what is no HTTP", async () => {
    answer = (_request, response) => response.socket?.end("HTTP/1.1 999 No\r\n\r\n");
    await expect(get(url())).rejects.toThrow("the server answers with the status 999");
    answer = (_request, response) => response.socket?.end("SSH-2.0-OpenSSH\r\n");
    await expect(get(url())).rejects.toThrow();
  });

  it("leaves the body out of answers that have none", async () => {
    answer = (_request, response) => response.writeHead(204).end();
    expect((await get(url())).body).toBeNull();
  });

  it("says when a name does not exist", async () => {
    await expect(get(url("/", "nowhere.test"))).rejects.toThrow("getaddrinfo ENOTFOUND nowhere.test");
  });
});

describe("without a reach of its own", () => {
  it.each([
    ["http://example.com/", "give a URL that begins with https://"],
    ["ftp://example.com/", "give a URL that begins with https://"],
    ["file:///etc/passwd", "give a URL that begins with https://"],
    ["data:text/plain,x", "give a URL that begins with https://"],
    ["https://example.com:8443/", "give a URL of port 443"],
    ["https://example.com:22/", "give a URL of port 443"],
    ["https://user@example.com/", "give a URL without a user name and password"],
    ["https://:pass@example.com/", "give a URL without a user name and password"],
    ["https://127.0.0.1/", "give a URL whose host has a public address"],
    ["https://2130706433/", "give a URL whose host has a public address"],
    ["https://0x7f.1/", "give a URL whose host has a public address"],
    ["https://0177.0.0.1/", "give a URL whose host has a public address"],
    ["https://①②⑦.0.0.1/", "give a URL whose host has a public address"],
    ["https://[::ffff:169.254.169.254]/", "give a URL whose host has a public address"],
    ["https://169.254.169.254/latest/meta-data", "give a URL whose host has a public address"],
    ["https://", "give a whole URL, such as https://example.com/path"],
    ["/files/x", "give a whole URL, such as https://example.com/path"],
    ["", "give a whole URL, such as https://example.com/path"],
  ])("%s is refused: %s", async (target, message) => {
    expect(() => assertPublicUrl(target)).toThrow(new UrlRefused(message));
    await expect(guardedFetch(target)).rejects.toThrow(new UrlRefused(message));
  });

  it("a name of this machine is refused by its address", async () => {
    expect(assertPublicUrl("https://localhost/").href).toBe("https://localhost/");
    await expect(guardedFetch("https://localhost/")).rejects.toThrow(
      new UrlRefused("give a URL whose host has a public address"),
    );
  });

  it("a public address passes", () => {
    for (const target of ["https://example.com/a?b#c", "https://8.8.8.8/", "https://example.com:443/"]) {
      expect(assertPublicUrl(target).href).toBe(new URL(target).href);
    }
  });
});
