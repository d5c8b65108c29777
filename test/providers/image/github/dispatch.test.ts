import { afterEach, describe, expect, it } from "vitest";
import { imageRef, sources, startTestBuild, type TestBuild } from "../../../support/github/building.ts";
import { addRun, commitFiles, plainWorkflow, succeeded } from "../../../support/github/repository.ts";

let test: TestBuild;
afterEach(() => test.close());

const failed = { status: "completed", conclusion: "failure" };
const asked = (end: string): number => test.github.asked.filter((line) => line.endsWith(end)).length;
const dispatches = (): string[] => test.github.asked.filter((line) => line.endsWith("/dispatches"));
/** The run that was said to build the image. */
const followed = (): string | undefined => test.lines[0]?.split("/").at(-1);

/** Others start the workflow as soon as we did. */
function startsInBetween(...runs: Parameters<typeof addRun>[1][]): void {
  test.github.onRequest = (line) => {
    if (line.endsWith("/dispatches") || dispatches().length === 0) return;
    for (const run of runs.splice(0)) addRun(test.github.repository, { stages: [failed], ...run });
  };
}

describe("the run of a build", () => {
  it.each(["when asked", "never", "refuses"] as const)(
    "is found when it appears late, where GitHub tells its id %s",
    async (tellsRun) => {
      test = await startTestBuild({ tellsRun, plans: [{ hiddenFor: 3 }] });
      await test.build();
      expect(followed()).toBe(String(test.github.repository.runs[0]?.id));
    },
  );

  it.each(["when asked", "never"] as const)(
    "is not that of somebody else in between, where GitHub tells its id %s",
    async (tellsRun) => {
      test = await startTestBuild({ tellsRun, plans: [{ hiddenFor: 2 }] });
      startsInBetween({ actor: "hubot" });
      await test.build();
      expect(test.github.repository.runs).toHaveLength(2);
      expect(followed()).toBe(String(test.github.repository.runs[0]?.id));
    },
  );

  it("is known by commit, time and actor where the workflow has no correlation id", async () => {
    test = await startTestBuild({ tellsRun: "never", workflow: plainWorkflow, plans: [{ hiddenFor: 2 }] });
    const { repository } = test.github;
    addRun(repository, { actor: "octocat", stages: [failed] });
    startsInBetween(
      { actor: "hubot" },
      { actor: "octocat", commit: "f".repeat(40) },
      { actor: "octocat", branch: "dev" },
    );
    await test.build();
    expect(dispatches()).toHaveLength(2);
    expect(followed()).toBe(String(repository.runs[1]?.id));
    expect(repository.runs[1]?.inputs).toMatchObject({ image_ref: imageRef });
    expect(repository.runs[1]?.inputs).not.toHaveProperty("correlation_id");
  });

  it("is refused when it cannot be told from another one", async () => {
    test = await startTestBuild({ tellsRun: "never", workflow: plainWorkflow, plans: [{ hiddenFor: 1 }] });
    startsInBetween({ actor: "octocat" });
    await expect(test.build()).rejects.toThrow(
      /does not tell which run of build_golden_image.yml is the one that was started: .*runs\/30433643, .*runs\/30433642 began at the same time/,
    );
  });

  it("is found without its actor where the token is nobody's", async () => {
    test = await startTestBuild({ tellsRun: "never", workflow: plainWorkflow, login: undefined });
    await test.build();
    expect(followed()).toBe(String(test.github.repository.runs[0]?.id));
  });

  it("is found when the answer to its start was lost, and not started twice", async () => {
    test = await startTestBuild({ plans: [{ hiddenFor: 1, stages: [succeeded] }] });
    test.github.faults.push({ at: /dispatches$/, status: undefined });
    await test.build();
    expect(dispatches()).toHaveLength(1);
    expect(test.github.repository.runs).toHaveLength(1);
  });

  it("is missed when it never appears", async () => {
    test = await startTestBuild({ tellsRun: "never", plans: [{ hiddenFor: Number.POSITIVE_INFINITY }] });
    await expect(test.build({ COMFY_ENDPOINTS_GHA_TIMEOUT_SECONDS: "0.5" })).rejects.toThrow(
      "GitHub took the start of build_golden_image.yml, but no run of it was seen within 0.5 s",
    );
  });
});

describe("a branch", () => {
  it("that is not there is told", async () => {
    test = await startTestBuild();
    await expect(test.build({ COMFY_ENDPOINTS_GHA_REF: "other" })).rejects.toThrow(
      "GitHub did not tell which commit other (COMFY_ENDPOINTS_GHA_REF) is at in octo-org/octo-repo: No commit found for SHA: other",
    );
  });
});

describe("a workflow", () => {
  it("that lacks another input is told", async () => {
    const workflow = { ...plainWorkflow, inputs: ["image_ref", "dockerfile_path", "build_context"] };
    test = await startTestBuild({ workflow });
    await expect(test.build()).rejects.toThrow(
      'GitHub did not start build_golden_image.yml in octo-org/octo-repo: Unexpected inputs provided: ["build_args"]',
    );
    expect(test.github.repository.runs).toEqual([]);
  });

  it("that is not there is told, at once", async () => {
    test = await startTestBuild();
    await expect(test.build({ COMFY_ENDPOINTS_GHA_WORKFLOW: "other.yml" })).rejects.toThrow(
      /GitHub did not list the runs of other.yml in octo-org\/octo-repo: there is none, or the token in GITHUB_TOKEN may not see it.*; the file is \.github\/workflows\/other\.yml, on the default branch and on main$/,
    );
    expect(asked("/runs")).toBe(1);
  });

  const missing = { status: 404, body: { message: "Not Found" } };

  it("that was just committed is waited for until GitHub knows it", async () => {
    test = await startTestBuild();
    commitFiles(test.github.repository, "main", { ...sources, ".github/workflows/build_golden_image.yml": "" });
    const runs = { at: /workflows\/\S+\/runs$/, ...missing };
    test.github.faults.push(runs, { ...runs }, { at: /dispatches$/, ...missing });
    await test.build();
    expect(test.github.repository.runs).toHaveLength(1);
    const said = "GitHub does not know build_golden_image.yml yet; it is asked again";
    expect(test.lines.slice(0, -1)).toEqual([said, said]);
  });

  it("that GitHub never comes to know is waited for no longer than the build may take", async () => {
    test = await startTestBuild();
    commitFiles(test.github.repository, "main", { ...sources, ".github/workflows/other.yml": "" });
    const env = { COMFY_ENDPOINTS_GHA_WORKFLOW: "other.yml", COMFY_ENDPOINTS_GHA_TIMEOUT_SECONDS: "0.5" };
    await expect(test.build(env)).rejects.toThrow("the file is .github/workflows/other.yml, on the default branch");
    expect(asked("/runs")).toBeGreaterThan(1);
  });
});
