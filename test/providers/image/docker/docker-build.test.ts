import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../../../../contract/errors.ts";
import { buildAndPush, type DockerBuildOptions } from "../../../../providers/image/docker/docker-build.ts";
import type { PasswordLogin } from "../../../../providers/image/registry/login.ts";
import { until } from "../../../support/until.ts";

const image = {
  imageRef: "ghcr.io/me/golden:1-v1-0123456789ab",
  dockerfile: ".comfy_endpoints/images/1/Dockerfile",
  context: ".comfy_endpoints/images/1/context",
  buildArgs: { BASE_IMAGE: "ghcr.io/me/base:1", COMFY_PLUGINS_JSON: '[{"repo":"a b"}]' },
};
const what = [
  ...["--platform linux/amd64 --file .comfy_endpoints/images/1/Dockerfile --tag ghcr.io/me/golden:1-v1-0123456789ab"],
  ...['--build-arg BASE_IMAGE=ghcr.io/me/base:1 --build-arg COMFY_PLUGINS_JSON=[{"repo":"a b"}]'],
  ".comfy_endpoints/images/1/context",
].join(" ");
const me: PasswordLogin = { source: "this test", username: "me", password: "a secret" };

let folder: string;
let logged: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "docker-build-"));
  mkdirSync(join(folder, "config/contexts"), { recursive: true });
  writeFileSync(join(folder, "config/contexts/desktop"), "of the user");
  const config = { currentContext: "desktop", credsStore: "keychain", auths: { "docker.io": { auth: "eDp5" } } };
  writeFileSync(join(folder, "config/config.json"), JSON.stringify(config));
  logged = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A docker command that notes what it is run with, and then does what a test says, by its first argument. */
function docker(script: string): void {
  const note = 'echo "$DOCKER_BUILDKIT $*" >> "$FOLDER/ran"; cp "$DOCKER_CONFIG/config.json" "$FOLDER/used.json"';
  writeFileSync(join(folder, "docker"), `#!/bin/sh\n${note}\ncase $1 in\n${script}\nesac\n`, { mode: 0o755 });
}

function build(options: Partial<DockerBuildOptions> = {}): Promise<void> {
  const env = { PATH: `${folder}:${process.env["PATH"] ?? ""}`, FOLDER: folder, DOCKER_CONFIG: join(folder, "config") };
  return buildAndPush(image, {
    log: (line) => void logged.push(line),
    login: () => Promise.resolve(undefined),
    isPushed: () => Promise.resolve(false),
    signal: new AbortController().signal,
    ...options,
    env: { ...env, ...options.env },
  });
}

const ran = (): string[] => readFileSync(join(folder, "ran"), "utf8").trimEnd().split("\n");

describe("an image", () => {
  it("is built by the classic builder where there is no other, and pushed", async () => {
    docker('buildx) exit 1 ;;\nbuild) echo "Step 1/2 : FROM base"; echo " ---> 0123"; echo "Step 2/2 : COPY . /" ;;');
    await build();
    expect(ran()).toEqual([" buildx version", `0 build ${what}`, ` push ${image.imageRef}`]);
    expect(logged).toEqual([
      `Docker builds ${image.imageRef}`,
      ...["Step 1/2 : FROM base", "Step 2/2 : COPY . /"],
      `Docker pushes ${image.imageRef}`,
    ]);
  });

  it("is built by BuildKit where it is there, and kept where it can be pushed from", async () => {
    docker("buildx) [ $2 = version ] || echo '#6 [2/2] COPY . /' >&2 ;;");
    await build();
    expect(ran()[1]).toBe(` buildx build --load --progress plain ${what}`);
    expect(logged).toContain("#6 [2/2] COPY . /");
  });

  it("is built by the classic builder for who asks for it", async () => {
    docker("");
    await build({ env: { DOCKER_BUILDKIT: "0" } });
    expect(ran()[0]).toBe(`0 build ${what}`);
  });

  it("is pushed with a login that no command line shows and nothing keeps", async () => {
    docker('push) readlink -f "$DOCKER_CONFIG/contexts/desktop"; echo "$DOCKER_CONFIG" > "$FOLDER/where"; exit 1 ;;');
    const pushed = build({ login: (registry) => Promise.resolve(registry === "ghcr.io" ? me : undefined) });
    // The user's own contexts are there, too.
    await expect(pushed).rejects.toThrow(join(folder, "config/contexts/desktop"));
    expect(JSON.parse(readFileSync(join(folder, "used.json"), "utf8"))).toEqual({
      ...{ currentContext: "desktop", credsStore: "keychain", credHelpers: { "ghcr.io": "" } },
      auths: { "docker.io": { auth: "eDp5" }, "ghcr.io": { auth: Buffer.from("me:a secret").toString("base64") } },
    });
    expect(() => readFileSync(join(readFileSync(join(folder, "where"), "utf8").trim(), "config.json"))).toThrow(
      "ENOENT",
    );
    expect(ran().join("\n")).not.toContain("secret");
  });

  it("is not pushed with a configuration of the user's that is broken, of which nothing is shown", async () => {
    docker("");
    writeFileSync(join(folder, "config/config.json"), '{"auths": {"a": "a secret');
    const file = join(folder, "config/config.json");
    await expect(build({ login: () => Promise.resolve(me) })).rejects.toThrow(
      new UserError(`${file} gives something else than JSON; mend it, or remove it`),
    );
  });

  it("is not pushed when somebody else has done it meanwhile", async () => {
    docker("");
    await build({ isPushed: () => Promise.resolve(true) });
    expect(ran().filter((line) => line.includes("push"))).toEqual([]);
    expect(logged.at(-1)).toBe(`${image.imageRef} was pushed by somebody else meanwhile, and stays as it is`);
  });

  it("that cannot be built is an error with the step, and what was said last", async () => {
    docker('buildx) exit 1 ;;\nbuild) echo "Step 2/2 : RUN make"; seq 100; echo "make: no target" >&2; exit 2 ;;');
    const failed = build();
    await expect(failed).rejects.toThrow(
      /^Docker did not build \S+: it failed at "Step 2\/2 : RUN make"\ndocker build ended with 2\n/,
    );
    await expect(failed).rejects.toThrow(/^ {2}100$/m);
    await expect(failed).rejects.toThrow(/^ {2}make: no target$/m);
    await expect(failed).rejects.not.toThrow(/^ {2}50$/m);
  });

  it("that BuildKit cannot build is an error with the step that failed, and not the one that began last", async () => {
    docker(
      "buildx) [ $2 = version ] || { echo '#6 [2/3] RUN make'; echo '#7 [3/3] RUN ls'; echo ' > [2/3] RUN make:'; exit 1; } ;;",
    );
    await expect(build()).rejects.toThrow('it failed at "[2/3] RUN make"');
  });

  it("that cannot be pushed is an error with what the registry said", async () => {
    docker('push) echo "denied: permission_denied" >&2; exit 1 ;;');
    await expect(build()).rejects.toThrow(
      `Docker did not push ${image.imageRef}: it failed\ndocker push ended with 1\n  denied: permission_denied`,
    );
  });

  it("needs the docker command", async () => {
    await expect(build({ env: { PATH: folder } })).rejects.toThrow("spawn docker ENOENT");
  });

  it("is broken off with its reason, and no docker goes on", async () => {
    docker('buildx) exit 1 ;;\nbuild) echo "$$" > "$FOLDER/pid"; exec sleep 100 ;;');
    const stop = new AbortController();
    const broken = expect(build({ signal: stop.signal })).rejects.toThrow(
      `the build of ${image.imageRef} was broken off: the run was canceled`,
    );
    let pid = 0;
    await until("docker builds", () => {
      try {
        pid = Number(readFileSync(join(folder, "pid"), "utf8"));
      } catch {
        return false;
      }
      return pid > 0;
    });
    stop.abort(new Error("the run was canceled"));
    await broken;
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    expect(ran().filter((line) => line.includes("push"))).toEqual([]);
  });
});
