import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commitAll, git } from "../support/git-repository.ts";
import { commitFiles, type Stage, succeeded } from "../support/github/repository.ts";
import { startTestGitHub, type TestGitHub } from "../support/github/server.ts";
import { type ImageApp, writeImageApp } from "../support/image-app.ts";
import { type StartedRunPod, startLocalRunPod } from "../support/local-runpod.ts";
import { startTestRegistry, type TestRegistry } from "../support/registry.ts";
import { createTestStack, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

/** In the order in which it happens: each step starts where the last one ended. */
describe("an app whose images are built by GitHub Actions", () => {
  let folder: string;
  let registry: TestRegistry;
  let github: TestGitHub;
  let runpod: StartedRunPod;
  let app: ImageApp;
  let stack: TestStack;
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-github-"));
    registry = await startTestRegistry({ auth: "none" });
    github = await startTestGitHub();
    runpod = await startLocalRunPod();
    app = writeImageApp(join(folder, "app"), registry.host);
    git(dirname(app.file), "init", "-q", "-b", "main");
    push();
    github.onRequest = buildsWhatRuns;
    env = {
      ...runpod.env,
      ...{ DOCKER_HOST: "tcp://127.0.0.1:1", DOCKER_CONFIG: folder, GHCR_TOKEN: "" },
      ...{ GITHUB_TOKEN: github.settings.token, GITHUB_REPOSITORY: "octo-org/octo-repo", GITHUB_API_URL: github.url },
      ...{ COMFY_ENDPOINTS_GHA_POLL_SECONDS: "0.1", COMFY_ENDPOINTS_IMAGE_BUILD_POLL_SECONDS: "1" },
    };
    stack = await newStack();
  });

  afterAll(async () => {
    await runpod.close();
    registry.close();
    github.close();
    stack.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Keeps the workflow in the repository, too. */
  async function newStack(): Promise<TestStack> {
    const created = await createTestStack(env, { app: app.file });
    const plugin = relative(created.folder, join(import.meta.dirname, "../support/github-provider"));
    appendFileSync(
      join(created.folder, "Pulumi.yaml"),
      `plugins: {providers: [{name: github, version: 6.15.0, path: ${plugin}}]}\n`,
    );
    await created.pulumi("config", "set", "comfy-endpoints:imageBuildWorkflow", "true");
    return created;
  }

  /** Commits what is there, and pushes it. */
  function push(): void {
    const root = dirname(app.file);
    commitAll(root);
    const paths = git(root, "ls-files").split("\n");
    const files = paths.map((path) => [path, readFileSync(join(root, path), "utf8")]);
    commitFiles(github.repository, "main", Object.fromEntries(files) as Record<string, string>);
  }

  /** A run has pushed its image when it is looked at for the second time. */
  function buildsWhatRuns(line: string): void {
    if (!line.endsWith("/jobs")) return;
    for (const { inputs, stages } of github.repository.runs) {
      const [, repository = "", tag = ""] = /^[^/]+\/(.+):(.+)$/.exec(inputs["image_ref"] ?? "") ?? [];
      if (stages.length === 1) registry.put(repository, tag);
    }
  }

  const up = async (on = stack): Promise<string> => {
    const run = await on.pulumi("up", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    return run.output;
  };
  const built = () => github.repository.runs.map(({ inputs }) => inputs["image_ref"]);

  it("starts nothing at preview", async () => {
    const run = await stack.pulumi("preview");
    expect(run.code, run.output).toBe(0);
    expect(github.asked).toEqual([]);
  });

  it("builds the base and then the golden image, and tells where", async () => {
    const { base, golden } = await app.plan();
    // Of a workflow that was just committed GitHub knows nothing yet.
    github.faults.push({ at: /workflows\/\S+\/runs$/, status: 404, body: { message: "Not Found" } });
    const output = await up();
    expect(output).toContain("endpoint-base-image: GitHub does not know build_golden_image.yml yet; it is asked again");
    expect(built()).toEqual([base.imageRef, golden.imageRef]);
    expect(github.repository.runs[1]?.inputs).toMatchObject({
      dockerfile_path: "Dockerfile.golden",
      build_context: "context",
      build_args: `BASE_IMAGE=${base.imageRef}\nCOMFY_PLUGINS_JSON=[]`,
    });
    const { id } = github.repository.runs[1] ?? {};
    expect(output).toContain(
      `endpoint-image: GitHub Actions builds ${golden.imageRef}: https://github.com/octo-org/octo-repo/actions/runs/${id ?? ""}`,
    );
    const [pod] = runpod.account.pods();
    expect(pod?.job.imageName).toMatch(/\/comfy\/golden@sha256:[0-9a-f]{64}$/);
    expect(await stack.state()).not.toContain(github.settings.token);
  });

  it("has the workflow put there before the first build", () => {
    const writes = github.asked.filter((line) => !line.startsWith("GET"));
    const root = "/repos/octo-org/octo-repo";
    const dispatch = `POST ${root}/actions/workflows/build_golden_image.yml/dispatches`;
    const put = `PUT ${root}/contents/.github/workflows/build_golden_image.yml`;
    expect(writes).toEqual([put, dispatch, dispatch]);
    expect(github.asked.indexOf(put)).toBeLessThan(github.asked.indexOf(`GET ${root}/commits/main`));
  });

  it("builds nothing again, here or from a fresh state", async () => {
    await up();
    expect(Object.keys(await stack.changes())).toEqual(["same"]);
    const other = await newStack();
    try {
      await up(other);
      await other.pulumi("destroy", "--yes", "--skip-preview");
    } finally {
      other.remove();
    }
    expect(github.repository.runs).toHaveLength(2);
  });

  it("builds no file that is not pushed, and golden alone when a file of it is", async () => {
    writeFileSync(join(app.context, "gateway.txt"), "another gateway\n");
    const run = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(run.code).not.toBe(0);
    expect(run.output).toContain("context/gateway.txt has another content. Commit and push them to main");
    expect(github.repository.runs).toHaveLength(2);
    push();
    await up();
    expect(built().slice(2)).toEqual([(await app.plan()).golden.imageRef]);
  });

  it("is broken off by Ctrl-C without the run, which the next up follows", async () => {
    writeFileSync(join(app.context, "gateway.txt"), "a slow gateway\n");
    push();
    github.repository.plans.push({ stages: [...new Array<Stage>(10_000).fill({ status: "in_progress" }), succeeded] });
    const broken = stack.start("up", "--yes", "--skip-preview");
    await until("the run is followed", () => broken.output().includes("endpoint-image: goes on"), 100);
    broken.kill("SIGINT");
    const { code, output } = await broken.ended;
    expect(code).not.toBe(0);
    expect(output).toContain("was broken off: the deployment was interrupted; its run goes on at https://github.com/");
    const { runs } = github.repository;
    runs.at(-1)?.stages.splice(0, 9_900);
    const before = runs.length;
    await up();
    expect(runs).toHaveLength(before);
  });

  it("fails with the step that failed, and with nothing in place of what runs", async () => {
    writeFileSync(join(app.context, "gateway.txt"), "a broken gateway\n");
    push();
    const steps = [{ name: "Build and push", status: "completed", conclusion: "failure" }];
    const job = { ...{ name: "build", status: "completed", conclusion: "failure" }, steps, log: "no such file\n" };
    github.repository.plans.push({
      stages: [{ status: "queued" }, { status: "completed", conclusion: "failure", jobs: [job] }],
    });
    github.onRequest = () => undefined;
    const before = runpod.account.pods().map(({ job: { imageName } }) => imageName);
    const run = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(run.code).not.toBe(0);
    expect(run.output).toMatch(/job "build" failed at step "Build and push" \(https:\S+\)\s+no such file/);
    expect(runpod.account.pods().map(({ job: { imageName } }) => imageName)).toEqual(before);
  });
}, 300_000);
