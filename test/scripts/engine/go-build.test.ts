import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildWithGo } from "../../../scripts/engine/go-build.js";
import { until } from "../../support/until.ts";
import { repository } from "../support/processes.ts";
import { goodBinary, isRunning, writeGo } from "../support/programs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const lastResort =
  "mend that, or install Pulumi 3.258.0 or newer (https://www.pulumi.com/docs/install/), and run this again";

/** Builds with a go whose `build` is that shell; `$box` is the folder it may write to. */
function build(body: string, signal?: AbortSignal) {
  const box = tempFolder();
  const draft = join(box, "draft");
  mkdirSync(join(draft, "bin"), { recursive: true });
  const file = writeGo(join(box, "go"), `box="${box}"\n${body}`);
  const lines: string[] = [];
  const ticks: string[] = [];
  const pids: number[] = [];
  const done = buildWithGo(
    draft,
    { file, version: "1.26.8" },
    {
      env: { GOFLAGS: "-race", GOPROXY: "https://proxy", CGO_ENABLED: "1" },
      ...(signal && { signal }),
      progress: { onProgress: (line) => void lines.push(line), onTick: (text) => void ticks.push(text) },
      onStart: (pid) => void pids.push(pid),
    },
  );
  return { box, draft, done, lines, ticks, pids };
}

describe("a build with Go", () => {
  it("makes the language host, then the engine, each from a module of its own and with its version", async () => {
    const log = `printf '%s\\n' "$PWD" "$*" "$GOFLAGS $GOWORK $GOTOOLCHAIN $CGO_ENABLED $GOPROXY" "$GOTMPDIR" >> "$box/log"`;
    const { box, draft, done, lines, pids } = build(
      `${log}; [ -d "$GOTMPDIR" ] && touch "$GOTMPDIR/x" && ${goodBinary}`,
    );
    await done;
    const call = (module: string, name: string, goPackage: string) => [
      join(repository, "scripts/engine", module),
      "build -v -trimpath -ldflags -s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.258.0 " +
        `-o ${draft}/bin/${name} github.com/pulumi/pulumi/${goPackage}`,
      "-mod=readonly off local 0 https://proxy",
      join(draft, "go-tmp"),
    ];
    expect(readFileSync(join(box, "log"), "utf8").trimEnd().split("\n")).toEqual([
      ...call("language-nodejs", "pulumi-language-nodejs", "sdk/v3/nodejs/cmd/pulumi-language-nodejs"),
      ...call("pulumi", "pulumi", "pkg/v3/cmd/pulumi"),
    ]);
    expect(readdirSync(draft)).toEqual(["bin"]);
    expect(readdirSync(join(draft, "bin")).sort()).toEqual(["pulumi", "pulumi-language-nodejs"]);
    expect(pids).toHaveLength(2);
    expect(lines.map((line) => line.replace(/in \d+ s/, "in N s"))).toEqual([
      "Building Pulumi 3.258.0 with Go 1.26.8: takes about five minutes, once",
      "Built Pulumi 3.258.0 in N s",
    ]);
  });

  it("tells how far it has come", async () => {
    const said = "go: downloading a v1\ngo: downloading b v1\ngo: finding c\\nfmt\nnet/http\ngithub.com/x/y";
    const { done, ticks } = build(`printf '${said.replaceAll("\n", "\\n")}\\n' >&2; sleep 1.2; ${goodBinary}`);
    await done;
    expect(ticks[0]).toMatch(/^Building Pulumi 3\.258\.0: \d s, 2 modules downloaded, 3 packages compiled$/);
    expect(ticks.at(-1)).toBe("");
  });
});

describe("a build with Go that fails", () => {
  it("tells go's last line, keeps all that it said beside the draft, and builds nothing else", async () => {
    const { box, draft, done, pids } = build("echo fmt >&2; echo 'x.go:1: syntax error' >&2; exit 1");
    await expect(done).rejects.toMatchObject({
      name: "SetupError",
      message:
        "building pulumi-language-nodejs with Go 1.26.8 failed: x.go:1: syntax error " +
        `(everything it said is in ${box}/go-build.log); ${lastResort}`,
    });
    expect(readFileSync(join(box, "go-build.log"), "utf8")).toBe("fmt\nx.go:1: syntax error\n");
    expect(readdirSync(join(draft, "bin"))).toEqual([]);
    expect(pids).toHaveLength(1);
  });

  it("names the engine when only that cannot be built", async () => {
    const { done } = build(`case "$out" in */pulumi) echo 'no such module'; exit 1;; esac; ${goodBinary}`);
    await expect(done).rejects.toThrow("building pulumi with Go 1.26.8 failed: no such module (");
  });

  it.each(["write /tmp/x: no space left on device", "mkdir /x: Disk quota exceeded"])(
    "says how much space it needs, and where, after %j",
    async (said) => {
      const { box, done } = build(`echo '${said}' >&2; echo 'go: build failed' >&2; exit 1`);
      await expect(done).rejects.toMatchObject({
        name: "SetupError",
        message: expect.stringMatching(
          `^no space left on the disk while making the Pulumi engine in ${box}: it needs about 2\\.5 GB .*, and run this again$`,
        ) as string,
      });
      expect(existsSync(join(box, "go-build.log"))).toBe(false);
    },
  );

  it("is not taken for one that worked because a file came out", async () => {
    const other = goodBinary.replace("3.258.0", "3.257.0");
    await expect(build(other).done).rejects.toThrow("the Pulumi that Go built says version 3.257.0 instead of 3.258.0");
    await expect(build(`touch "$out"; chmod 644 "$out"`).done).rejects.toThrow(
      "the Pulumi that Go built says version nothing instead of 3.258.0",
    );
    const broken = `case "$out" in */pulumi) ${goodBinary};; *) printf '#!/bin/sh\\nexit 2\\n' > "$out"; chmod 755 "$out";; esac`;
    await expect(build(broken).done).rejects.toThrow("the Node language host that Go built does not run");
  });
});

it("ends go and all that go has started when the user asks to stop", async () => {
  const stopping = new AbortController();
  const reason = new Error("stopped");
  const { box, done, pids } = build(`sleep 60 & echo $! > "$box/new"; mv "$box/new" "$box/pid"; wait`, stopping.signal);
  await until("go has started a compiler", () => existsSync(join(box, "pid")));
  stopping.abort(reason);
  await expect(done).rejects.toBe(reason);
  const compiler = Number(readFileSync(join(box, "pid"), "utf8"));
  await until("both are gone", () => ![compiler, ...pids].some(isRunning));
  expect(pids).toHaveLength(1);
});
