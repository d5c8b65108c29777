import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { commitAll, writeFiles } from "../../../support/git-repository.ts";
import { imageRef, planned, sources, startTestBuild, type TestBuild } from "../../../support/github/building.ts";
import { addRun, commitFiles, type Stage, succeeded } from "../../../support/github/repository.ts";

const page = "https://github.com/octo-org/octo-repo/actions/runs";
let test: TestBuild;
afterEach(() => test.close());

const dispatches = (): string[] => test.github.asked.filter((line) => line.endsWith("/dispatches"));

const running = (step: string): Stage => ({
  status: "in_progress",
  jobs: [{ name: "build", status: "in_progress", steps: [{ name: step, status: "in_progress" }] }],
});

describe("a build with GitHub Actions", () => {
  it("gives the workflow what to build, and tells what its run does", async () => {
    const stages = [
      { status: "queued" },
      running("Check out"),
      running("Check out"),
      running("Build and push"),
      succeeded,
    ];
    test = await startTestBuild({ plans: [{ stages }] });
    await test.build();
    const { inputs } = test.github.repository.runs[0] ?? {};
    expect(inputs).toEqual({
      image_ref: imageRef,
      dockerfile_path: "docker/Dockerfile",
      build_context: "app",
      build_args: 'BASE_IMAGE=ghcr.io/octo-org/base:1\nCOMFY_PLUGINS_JSON=[{"repo":"a","ref":"b"}]',
      correlation_id: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
    });
    expect(test.lines).toEqual([
      `GitHub Actions builds ${imageRef}: ${page}/30433642`,
      "waits for a runner",
      'job "build", step "Check out"',
      'job "build", step "Build and push"',
    ]);
  });

  it("follows a run that builds the same image already, whoever started it", async () => {
    test = await startTestBuild();
    const title = `${imageRef} (0123456789ab)`;
    addRun(test.github.repository, { actor: "hubot", title, stages: [running("Check out"), succeeded] });
    await test.build();
    expect(dispatches()).toEqual([]);
    expect(test.lines).toContain(`GitHub Actions builds ${imageRef}: ${page}/30433642`);
  });

  it.each<[string, object]>([
    [
      "that has ended",
      { title: `${imageRef} (0123456789ab)`, stages: [{ status: "completed", conclusion: "failure" }] },
    ],
    ["at another commit", { title: `${imageRef} (0123456789ab)`, stages: [running("x")], commit: "f".repeat(40) }],
    ["of another image", { title: `${imageRef.replace("v1", "v2")} (0123456789ab)`, stages: [running("x")] }],
    ["of a longer tag", { title: `${imageRef}0 (0123456789ab)`, stages: [running("x")] }],
    ["that was started by hand", { title: `${imageRef} (by hand)`, stages: [running("x")] }],
    ["with a name that says less", { title: imageRef, stages: [running("x")] }],
  ])("follows no run %s", async (_, run) => {
    test = await startTestBuild();
    addRun(test.github.repository, { actor: "octocat", ...run });
    await test.build();
    expect(dispatches()).toHaveLength(1);
  });

  it("runs at the branch of COMFY_ENDPOINTS_GHA_REF", async () => {
    test = await startTestBuild();
    commitFiles(test.github.repository, "main", {});
    commitFiles(test.github.repository, "feature/x", sources);
    await test.build({ COMFY_ENDPOINTS_GHA_REF: "feature/x" });
    expect(test.github.repository.runs[0]?.branch).toBe("feature/x");
  });
});

describe("a commit at GitHub", () => {
  const withoutScript = Object.fromEntries(Object.entries(sources).filter(([path]) => path !== "app/run.sh"));
  it.each<[string, typeof sources, string]>([
    ["lacks a file", withoutScript, "app/run.sh is not there"],
    ["has another content", { ...sources, "app/main.py": "print(2)\n" }, "app/main.py has another content"],
    ["has another Dockerfile", { ...sources, "docker/Dockerfile": "" }, "docker/Dockerfile has another content"],
    ["has another mode", { ...sources, "app/run.sh": "#!/bin/sh\n" }, "app/run.sh has mode 100644 instead of 100755"],
    ["has more files", { ...sources, "app/more/new.py": "" }, "app/more/new.py is only there"],
  ])("that %s builds no image of that tag", async (_, files, said) => {
    test = await startTestBuild();
    const commit = commitFiles(test.github.repository, "main", files);
    await expect(test.build()).rejects.toThrow(
      `GitHub Actions would not build ${imageRef} from the files that are here: in octo-org/octo-repo, main is at ${commit.slice(0, 12)}, where ${said}. Commit and push them to main`,
    );
    expect(dispatches()).toEqual([]);
  });

  it("is compared with what is in the files now, committed or not", async () => {
    test = await startTestBuild();
    writeFileSync(join(test.folder, "app/main.py"), "print(3)\n");
    test.image = await planned(test.folder);
    await expect(test.build()).rejects.toThrow("app/main.py has another content");
    commitFiles(test.github.repository, "main", { ...sources, "app/main.py": "print(3)\n" });
    await test.build();
    expect(dispatches()).toHaveLength(1);
  });

  it("hides the same from Docker, and may have other files there", async () => {
    test = await startTestBuild();
    const ignored = { "app/.dockerignore": "*.log\n" };
    writeFiles(test.folder, { ...ignored, "app/here.log": "" });
    commitAll(test.folder);
    test.image = await planned(test.folder);
    await expect(test.build()).rejects.toThrow("where app/.dockerignore is not there.");
    commitFiles(test.github.repository, "main", { ...sources, ...ignored, "app/there.log": "" });
    await test.build();
    expect(dispatches()).toHaveLength(1);
    const more = { ...ignored, "docker/Dockerfile.dockerignore": "" };
    commitFiles(test.github.repository, "main", { ...sources, ...more });
    await expect(test.build()).rejects.toThrow("where docker/Dockerfile.dockerignore is only there.");
    expect(dispatches()).toHaveLength(1);
  });

  it("that comes between the look and the start is built no further", async () => {
    const commit = "e".repeat(40);
    test = await startTestBuild({ plans: [{ commit, stages: [running("Check out"), succeeded] }] });
    await expect(test.build()).rejects.toThrow(
      `main moved on from ${test.commit.slice(0, 12)} to eeeeeeeeeeee while the build of ${imageRef} was started; its run ${page}/30433642 was canceled; run pulumi up again`,
    );
    expect(test.github.repository.runs[0]?.canceled).toBe(true);
  });

  it("is of no use where the files are in no repository", async () => {
    test = await startTestBuild();
    test.image = { ...test.image, dockerfile: "/Dockerfile" };
    await expect(test.build()).rejects.toThrow(
      `GitHub Actions cannot build ${imageRef}: /Dockerfile and ${test.image.context} are not in one git repository`,
    );
  });

  it("is of no use for the files of an installed package", async () => {
    test = await startTestBuild();
    const dockerfile = join(test.folder, "node_modules/comfy-endpoints/docker/Dockerfile");
    writeFiles(test.folder, { "node_modules/comfy-endpoints/docker/Dockerfile": "" });
    test.image = { ...test.image, dockerfile };
    await expect(test.build()).rejects.toThrow(
      `GitHub Actions cannot build ${imageRef}: ${dockerfile} is of an installed package, not of a repository; give "build.dockerfile_path"`,
    );
    expect(test.github.asked).toEqual([]);
  });
});
