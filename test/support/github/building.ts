import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contextFiles, sha256OfFile } from "../../../providers/image/context/context-files.ts";
import { readIgnoreFile } from "../../../providers/image/context/ignore-file.ts";
import { buildOnGitHub } from "../../../providers/image/github/build.ts";
import type { PlannedImage } from "../../../providers/image/plan/plan.ts";
import { makeRepository } from "../git-repository.ts";
import { type CommittedFile, commitFiles, type RunPlan, type TestWorkflow } from "./repository.ts";
import { type GitHubServerSettings, startTestGitHub, type TestGitHub } from "./server.ts";

export interface TestBuild {
  github: TestGitHub;
  /** What GitHub has, too. */
  image: PlannedImage;
  folder: string;
  /** The commit that main is at there. */
  commit: string;
  lines: string[];
  /** @param env beside where GitHub is */
  build(env?: Record<string, string>, signal?: AbortSignal): Promise<void>;
  close(): void;
}

export const sources: Record<string, string | CommittedFile> = {
  "docker/Dockerfile": "FROM scratch\nCOPY app /app\n",
  "app/main.py": "print(1)\n",
  "app/run.sh": { content: "#!/bin/sh\n", mode: "100755" },
};

export const imageRef = "ghcr.io/octo-org/golden:0.3.26-v1-0123456789ab";

/** An image whose files are here and at a GitHub of its own, where the next runs go as planned. */
export async function startTestBuild({
  workflow,
  plans = [],
  ...settings
}: Partial<GitHubServerSettings> & { workflow?: TestWorkflow; plans?: RunPlan[] } = {}): Promise<TestBuild> {
  const folder = mkdtempSync(join(tmpdir(), "github-"));
  makeRepository(
    folder,
    Object.fromEntries(
      Object.entries(sources).map(([path, file]) => [path, typeof file === "string" ? file : file.content]),
    ),
  );
  const github = await startTestGitHub(settings);
  const { repository } = github;
  if (workflow !== undefined) repository.workflow = workflow;
  repository.plans = plans;
  const commit = commitFiles(repository, "main", { ...sources, "README.md": "# It\n", "app/.hidden": "" });
  const lines: string[] = [];
  const test: TestBuild = {
    ...{ github, folder, commit, lines },
    image: await planned(folder),
    build: (env = {}, signal = new AbortController().signal) =>
      buildOnGitHub(test.image, {
        env: {
          GITHUB_TOKEN: "ghp_test",
          GITHUB_REPOSITORY: "octo-org/octo-repo",
          GITHUB_API_URL: github.url,
          COMFY_ENDPOINTS_GHA_POLL_SECONDS: "0.02",
          ...env,
        },
        log: (line) => lines.push(line),
        signal,
      }),
    close: () => {
      github.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return test;
}

/** The image that is made of a folder's files, as they are now. */
export async function planned(folder: string): Promise<PlannedImage> {
  const [context, dockerfile, patterns] = [join(folder, "app"), join(folder, "docker/Dockerfile"), ["**/*"]];
  const { hides } = await readIgnoreFile(dockerfile, context);
  return {
    ...{ imageRef, context, dockerfile, patterns, dockerfileSha256: sha256OfFile(dockerfile) },
    files: (await contextFiles(context, patterns, hides)).files,
    buildArgs: { BASE_IMAGE: "ghcr.io/octo-org/base:1", COMFY_PLUGINS_JSON: '[{"repo":"a","ref":"b"}]' },
  };
}
