import type * as pulumi from "@pulumi/pulumi";
import { afterEach, expect, it, vi } from "vitest";
import { keepImageWorkflow } from "../../components/image-workflow.ts";

afterEach(() => vi.unstubAllEnvs());

it("is kept with a token of the environment only, which is where Pulumi's provider looks", async () => {
  vi.stubEnv("GITHUB_TOKEN", "");
  const env = { GITHUB_TOKEN: "ghp_of_a_file", GITHUB_REPOSITORY: "octo-org/octo-repo" };
  await expect(keepImageWorkflow("endpoint", { env }, undefined as unknown as pulumi.Resource)).rejects.toThrow(
    "imageBuildWorkflow is set, and GITHUB_TOKEN is only in a file: Pulumi's GitHub provider reads none; export it, or run cend deploy",
  );
});
