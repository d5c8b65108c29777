import { afterEach, describe, expect, it } from "vitest";
import { imageRef, startTestBuild, type TestBuild } from "../../../support/github/building.ts";
import { type Stage, succeeded, type TestJob } from "../../../support/github/repository.ts";
import { until } from "../../../support/until.ts";

const page = "https://github.com/octo-org/octo-repo/actions/runs/30433642";
let test: TestBuild;
afterEach(() => test.close());

const running: Stage = { status: "in_progress" };
const asked = (part: string): number => test.github.asked.filter((line) => line.includes(part)).length;

const failedJob = (log?: string): TestJob => ({
  name: "build",
  status: "completed",
  conclusion: "failure",
  steps: [
    { name: "Check out", status: "completed", conclusion: "success" },
    {
      ...{ name: "Build and push", status: "completed", conclusion: "failure" },
      ...{ started_at: "2026-11-25T09:00:00Z", completed_at: "2026-11-25T09:01:00Z" },
    },
    { name: "Post Check out", status: "completed", conclusion: "success" },
  ],
  ...(log !== undefined && { log }),
});

const log = [
  "2026-11-25T08:59:59.0000000Z checking out",
  "2026-11-25T09:00:01.0000000Z ##[group]Run docker buildx build",
  "2026-11-25T09:00:59.0000000Z \u001b[31mno space left on device\u001b[0m",
  "2026-11-25T09:01:00.5000000Z ##[error]Process completed with exit code 1.",
  "2026-11-25T09:01:00.6000000Z Post job cleanup.",
].join("\r\n");

describe("a run that does not build", () => {
  it("is told with the step that failed and the end of its log", async () => {
    const stages = [running, { status: "completed", conclusion: "failure", jobs: [failedJob(log)] }];
    test = await startTestBuild({ plans: [{ stages }] });
    await expect(test.build()).rejects.toThrow(
      [
        `GitHub Actions did not build ${imageRef}: job "build" failed at step "Build and push" (${page})`,
        "  Run docker buildx build",
        "  no space left on device",
        "  Process completed with exit code 1.",
      ].join("\n"),
    );
  });

  it("is told without a log that GitHub has not", async () => {
    const stages = [{ status: "completed", conclusion: "failure", jobs: [failedJob()] }];
    test = await startTestBuild({ plans: [{ stages }] });
    await expect(test.build()).rejects.toThrow(
      `failed at step "Build and push" (${page})\n  (GitHub has no log of it)`,
    );
  });

  it.each([
    ["cancelled", `its run was canceled there (${page}); the next pulumi up starts another one`],
    ["startup_failure", `its run ended as startup_failure (${page})`],
    ["skipped", `its run ended as skipped (${page})`],
  ])("is told when it is %s", async (conclusion, said) => {
    test = await startTestBuild({ plans: [{ stages: [running, { status: "completed", conclusion }] }] });
    await expect(test.build()).rejects.toThrow(`GitHub Actions did not build ${imageRef}: ${said}`);
  });

  it("is given up after COMFY_ENDPOINTS_GHA_TIMEOUT_SECONDS, and goes on", async () => {
    test = await startTestBuild({ plans: [{ stages: [running] }] });
    await expect(test.build({ COMFY_ENDPOINTS_GHA_TIMEOUT_SECONDS: "0.4" })).rejects.toThrow(
      `GitHub Actions did not build ${imageRef} in time; its run goes on at ${page} (goes on): run pulumi up again to follow it, and set COMFY_ENDPOINTS_GHA_TIMEOUT_SECONDS`,
    );
    expect(asked("/cancel")).toBe(0);
  });

  it("is left alone when the deployment is broken off, and followed by the next one", async () => {
    test = await startTestBuild({ plans: [{ stages: [...new Array<Stage>(500).fill(running), succeeded] }] });
    const controller = new AbortController();
    const broken = test.build({ COMFY_ENDPOINTS_GHA_POLL_SECONDS: "600" }, controller.signal);
    broken.catch(() => undefined);
    await until("the run is followed", () => test.lines.includes("goes on"));
    controller.abort(new Error("the deployment was interrupted"));
    await expect(broken).rejects.toThrow(
      `the build of ${imageRef} with GitHub Actions was broken off: the deployment was interrupted; its run goes on at ${page}, and the next pulumi up follows it`,
    );
    test.github.repository.runs[0]?.stages.splice(0, 490);
    await test.build();
    expect(test.github.repository.runs).toHaveLength(1);
  });
});

describe("a token", () => {
  it("that GitHub does not know is told", async () => {
    test = await startTestBuild({ token: "another" });
    await expect(test.build()).rejects.toThrow(
      /it does not know the token in GITHUB_TOKEN, or that has expired; give another one/,
    );
  });

  it("that may not start workflows is told what it lacks", async () => {
    test = await startTestBuild({ mayStart: false });
    await expect(test.build()).rejects.toThrow(
      "GitHub did not start build_golden_image.yml in octo-org/octo-repo: the token in GITHUB_TOKEN may not (Resource not accessible by personal access token; it wants actions=write); give a fine-grained token for that repository with Contents: read and Actions: read and write, or a classic one with the scope repo",
    );
  });

  it("that may not see the repository is told what it lacks", async () => {
    test = await startTestBuild({ maySee: false });
    await expect(test.build()).rejects.toThrow(
      "GitHub did not tell which commit main (COMFY_ENDPOINTS_GHA_REF) is at in octo-org/octo-repo: there is none, or the token in GITHUB_TOKEN may not see it; check the name, or give a fine-grained token",
    );
  });

  it("is shown nowhere", async () => {
    test = await startTestBuild({
      plans: [{ stages: [{ status: "completed", conclusion: "failure", jobs: [failedJob(log)] }] }],
    });
    const error = await test.build().then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(`${String(error)} ${JSON.stringify(error)} ${test.lines.join()}`).not.toContain("ghp_test");
  });
});

const limit = (headers: Record<string, string>, message: string, status = 403) => ({
  status,
  headers,
  body: { message },
});
const primary = (inSeconds: number) =>
  limit(
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Math.ceil(Date.now() / 1000) + inSeconds) },
    "API rate limit exceeded for user ID 1.",
  );
const secondary = (seconds: string) => limit({ "retry-after": seconds }, "You have exceeded a secondary rate limit.");

describe("a rate limit", () => {
  it.each([
    ["primary", () => primary(0), /actions\/runs\/\d+$/],
    ["primary, answered with 429,", () => ({ ...primary(0), status: 429 }), /commits/],
    ["secondary", () => secondary("1"), /dispatches$/],
  ])("is waited for: %s", async (_, fault, at) => {
    test = await startTestBuild();
    test.github.faults.push({ at, ...fault() });
    await test.build();
    expect(test.lines.join("\n")).toMatch(/GitHub's rate limit is used up; it is asked again in \d+ s/);
    expect(test.github.repository.runs).toHaveLength(1);
  });

  it.each([
    ["primary", () => primary(3600), /the token's rate limit is used up until 2\d{3}-.*Z; try again then/],
    ["secondary", () => secondary("3600"), /the token's rate limit is used up for 3600 s; try again then/],
  ])("is told when it lasts for longer than the build may: %s", async (_, fault, said) => {
    test = await startTestBuild();
    test.github.faults.push({ at: /dispatches$/, ...fault() });
    await expect(test.build()).rejects.toThrow(said);
    expect(asked("/dispatches")).toBe(1);
  });

  it("is waited for no longer when the deployment is broken off", async () => {
    test = await startTestBuild();
    const controller = new AbortController();
    test.github.faults.push({ at: /commits/, ...secondary("1000") });
    const broken = test.build({}, controller.signal);
    broken.catch(() => undefined);
    await until("the limit is waited for", () => test.lines.length > 0);
    controller.abort(new Error("the deployment was interrupted"));
    await expect(broken).rejects.toThrow("was broken off: the deployment was interrupted");
  });
});

describe("GitHub itself", () => {
  it("is asked again when it stumbles", async () => {
    test = await startTestBuild();
    test.github.faults.push({ at: /trees/, status: 502 });
    await test.build();
    expect(asked("/git/trees/")).toBe(2);
  });

  it("may fall silent while a run goes on", async () => {
    test = await startTestBuild({ plans: [{ stages: [running, succeeded] }] });
    const silent = { at: /actions\/runs\/\d+$/, status: 500, headers: {} };
    test.github.faults.push(silent, { ...silent }, { ...silent }, { ...silent });
    await test.build();
    expect(test.lines).toContain("GitHub does not answer; it is asked again");
  });
});
