import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Route, routes } from "../../contract/api.ts";
import { podPorts } from "../../contract/pod-env.ts";
import { nginxConf } from "../../scripts/nginx.ts";

const pod = { listen: String(podPorts.public), gateway: `127.0.0.1:${podPorts.gateway}`, folder: "/tmp/nginx" };
const conf = nginxConf(pod);
const locations = [...conf.matchAll(/^ {4}location (=|~) (\S+) \{\n(.*?)^ {4}\}/gms)].map(
  ([, kind, pattern = "", body = ""]) => ({
    matches: (path: string) => (kind === "=" ? path === pattern : new RegExp(pattern).test(path)),
    methods: /!~ \^\((.*)\)\$/.exec(body)?.[1]?.split("|") ?? [],
    body,
  }),
);
const locationsOf = (path: string) => locations.filter(({ matches }) => matches(path));

describe("nginx's configuration", () => {
  it("is in the image as the API's table makes it", async () => {
    await expect(conf).toMatchFileSnapshot(join(import.meta.dirname, "../../docker/nginx.conf"));
  });

  it.each(Object.entries<Route>(routes))("lets route %s through at one place", (_, { method, path }) => {
    const [found, ...others] = locationsOf(path.replace(/:\w+/g, "some-id_1"));
    expect(others).toEqual([]);
    expect(found?.methods).toContain(method);
    expect(found?.body).toContain("proxy_pass http://gateway;");
  });

  it.each([
    "/prompt",
    "/playground/a",
    "/playground/a/b/c",
    "/ws",
    "/system_stats",
    "/jobs/",
    "/jobs/a/b",
    "/run/",
    "/runs",
    "/xhealthz",
    "/openapixjson",
  ])("has nothing for %s", (path) => {
    expect(locationsOf(path)).toEqual([]);
  });

  it("lets methods through that the table lists for a path, and no others", () => {
    expect(locationsOf("/files")[0]?.methods).toEqual(["POST", "GET", "HEAD", "OPTIONS"]);
    expect(locationsOf("/jobs/a/cancel")[0]?.methods).toEqual(["POST", "OPTIONS"]);
  });

  it("holds nothing of an event stream back", () => {
    expect(locations.filter(({ body }) => body.includes("proxy_buffering off;"))).toEqual(
      locationsOf("/jobs/a/events"),
    );
  });
});
