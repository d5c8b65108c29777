import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseYaml } from "@redocly/openapi-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { neverContext } from "../../../../providers/image/context/context-files.ts";
import { githubSettings } from "../../../../providers/image/github/settings.ts";
import { workflowInputs } from "../../../../providers/image/github/workflow.ts";
import { writeFiles } from "../../../support/git-repository.ts";

interface Workflow {
  "run-name": string;
  on: { workflow_dispatch: { inputs: Record<string, { required: boolean; default?: string }> } };
  permissions: Record<string, string>;
  concurrency: { group: string };
  jobs: { build: { steps: Step[] } };
}

interface Step {
  name: string;
  if?: string;
  uses?: string;
  run?: string;
}

const root = join(import.meta.dirname, "../../../..");
const { workflow: file } = githubSettings({ GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "o/r" });
const text = readFileSync(join(root, ".github/workflows", file), "utf8");
const workflow = parseYaml(text) as Workflow;
const { steps } = workflow.jobs.build;
const imageRef = "ghcr.io/o/golden:1";

describe("the workflow of this repository", () => {
  it("takes what a build gives it, and a correlation id, which is in its runs' names", () => {
    const { inputs } = workflow.on.workflow_dispatch;
    const given = workflowInputs({ imageRef, buildArgs: {} }, { dockerfile: "d", context: "." });
    expect(Object.keys(inputs)).toEqual([...Object.keys(given), "correlation_id"]);
    expect(Object.keys(inputs).filter((name) => inputs[name]?.required)).toEqual(Object.keys(given).slice(0, 3));
    expect(workflow["run-name"]).toBe(
      "${{ inputs.image_ref }}${{ inputs.correlation_id && format(' ({0})', inputs.correlation_id) || '' }}",
    );
  });

  it("may push packages and nothing more, runs pinned actions, and builds one image at a time", () => {
    expect(workflow.permissions).toEqual({ contents: "read", packages: "write" });
    for (const { uses } of steps) expect(uses ?? "").toMatch(/^(|[\w-]+\/[\w-]+@[0-9a-f]{40})$/);
    expect(workflow.concurrency.group).toContain("${{ inputs.image_ref }}");
  });

  it("puts no input into a script's text", () => {
    for (const { run } of steps) expect(run ?? "").not.toContain("${{");
  });
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workflow-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a step's script as a runner does, with a `docker` that says and answers this; returns what it was called with. */
function runStep(name: string, env: Record<string, string>, docker = "exit 0"): { called: string[]; outputs: string } {
  const script = steps.find((step) => step.name === name)?.run ?? "exit 99";
  const program = join(folder, "docker");
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" >> "${folder}/called"\n${docker}\n`);
  chmodSync(program, 0o755);
  for (const path of ["called", "outputs"]) writeFileSync(join(folder, path), "");
  execFileSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], {
    cwd: folder,
    env: { PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}`, GITHUB_OUTPUT: join(folder, "outputs"), ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const read = (path: string) => readFileSync(join(folder, path), "utf8").trim();
  return { called: read("called").split("\n"), outputs: read("outputs") };
}

const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
  throw new Error("it did not fail");
};

describe("its look at the registry", () => {
  const look = (docker: string) => runStep("Look whether the image exists", { IMAGE_REF: imageRef }, docker);

  it("builds what is not there, and only that", () => {
    expect(look(`echo "ERROR: ${imageRef}: not found" >&2; exit 1`).outputs).toBe("exists=false");
    const { called, outputs } = look("exit 0");
    expect([called, outputs]).toEqual([["buildx", "imagetools", "inspect", imageRef], "exists=true"]);
    const conditions = steps.slice(3).map((step) => step.if);
    for (const condition of conditions) expect(condition).toContain("steps.image.outputs.exists == 'false'");
  });

  it("fails when the registry does not tell", () => {
    expect(failure(() => look('echo "ERROR: unexpected status: 403 Forbidden" >&2; exit 1'))).toContain(
      `::error::the registry does not tell whether it has ${imageRef}: ERROR: unexpected status: 403 Forbidden`,
    );
  });
});

describe("its login", () => {
  const logIn = (image: string, secrets: Record<string, string> = {}) =>
    runStep(
      "Log in to the registry",
      {
        ...{ IMAGE_REF: image, GITHUB_ACTOR: "octocat", GHCR_TOKEN: "ghs" },
        ...{ REGISTRY_USERNAME: "", REGISTRY_PASSWORD: "", ...secrets },
      },
      'cat >> "$(dirname "$0")/called"',
    ).called;

  it("is the run's own at GitHub's registry, and the repository's secrets at others", () => {
    expect(logIn(imageRef)).toEqual(["login", "ghcr.io", "--username", "octocat", "--password-stdin", "ghs"]);
    const secrets = { REGISTRY_USERNAME: "me", REGISTRY_PASSWORD: "secret" };
    expect(logIn("r.example:5000/a/b:1", secrets)).toEqual([
      ...["login", "r.example:5000", "--username", "me", "--password-stdin", "secret"],
    ]);
    expect(logIn("me/b:1", secrets)[1]).toBe("docker.io");
  });

  it("is missed at another registry without secrets", () => {
    expect(failure(() => logIn("r.example/a/b:1"))).toContain(
      "::error::there is no login for r.example; set the secrets REGISTRY_USERNAME and REGISTRY_PASSWORD",
    );
  });
});

describe("its build", () => {
  const build = (buildArgs: Record<string, string>, files: Record<string, string> = {}) => {
    const temporary = join(folder, "temporary");
    rmSync(temporary, { recursive: true, force: true });
    writeFiles(folder, { "build/Dockerfile": "FROM scratch\n", "temporary/x": "", ...files });
    const inputs = workflowInputs({ imageRef, buildArgs }, { dockerfile: "build/Dockerfile", context: "app" });
    const { called } = runStep("Build and push", {
      IMAGE_REF: inputs.image_ref,
      DOCKERFILE_PATH: inputs.dockerfile_path,
      BUILD_CONTEXT: inputs.build_context,
      BUILD_ARGS: inputs.build_args,
      RUNNER_TEMP: temporary,
    });
    const read = (name: string) => readFileSync(join(temporary, name), "utf8");
    return { called, dockerfile: read("Dockerfile"), ignored: read("Dockerfile.dockerignore").split("\n") };
  };

  it("hands every build argument on as it is", () => {
    const flags = ["buildx", "build", "--platform", "linux/amd64", "--provenance=false", "--push"];
    flags.push("--file", join(folder, "temporary/Dockerfile"), "--tag", imageRef);
    const buildArgs = { A: '[{"repo":"a b","ref":"c"},{"repo":"$HOME","ref":"`id`"}]', B: "", C: "x=y, z" };
    const { called, dockerfile } = build(buildArgs);
    expect(called).toEqual([
      ...flags,
      ...Object.entries(buildArgs).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
      ...["--", "app"],
    ]);
    expect(dockerfile).toBe("FROM scratch\n");
    expect(build({}).called).toEqual([...flags, "--", "app"]);
  });

  it("leaves out what no tag tells, and what the context leaves out", () => {
    const always = ["**/.*", ...neverContext];
    expect(build({}).ignored).toEqual(["", ...always]);
    expect(build({}, { "app/.dockerignore": "*\n!src" }).ignored).toEqual(["*", "!src", ...always]);
    // As Docker has it, the Dockerfile's own comes first.
    expect(build({}, { "build/Dockerfile.dockerignore": "tmp\n" }).ignored).toEqual(["tmp", "", ...always]);
  });

  it("takes no argument of several lines", () => {
    expect(() => build({ A: "1\n2" })).toThrow(
      `GitHub Actions cannot build ${imageRef}: the build argument A has more than one line`,
    );
  });
});
