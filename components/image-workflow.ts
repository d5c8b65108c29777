import { readFileSync } from "node:fs";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { UserError } from "../contract/errors.ts";
import { githubSettings } from "../providers/image/github/settings.ts";
import { optionalPackage } from "./optional-package.ts";

export interface ImageWorkflowArgs {
  /** Repository, branch and file name, as builds with GitHub Actions have them. */
  env: Readonly<Record<string, string | undefined>>;
  /** Login of the registry that images are pushed to, when it is not GitHub's own: that takes the run's own token. */
  registry?: { username: pulumi.Input<string>; password: pulumi.Input<string> } | undefined;
}

const content = (): string =>
  readFileSync(join(import.meta.dirname, "../.github/workflows/build_golden_image.yml"), "utf8");

/**
 * The package makes GITHUB_TOKEN an input, which would be kept in the state, and be a change of the stack for everybody who
 * has another one, as each run on CI does. Left out, the provider takes it from its environment by itself.
 */
const withoutToken: pulumi.ResourceTransform = ({ props, opts }) => ({ props: { ...props, token: undefined }, opts });

/**
 * Keeps the workflow that builds images in a GitHub repository, and the secrets that it needs. They stay when the stack goes:
 * other stacks may build with them.
 * @param name of the component; begins the resources' names
 * @returns what must be there before a build is started
 * @throws {UserError} naming the variable that is missing or wrong
 */
export async function keepImageWorkflow(
  name: string,
  { env, registry }: ImageWorkflowArgs,
  parent: pulumi.Resource,
): Promise<pulumi.Resource[]> {
  const { owner, repo: repository, ref, workflow, apiUrl } = githubSettings(env);
  if (!process.env["GITHUB_TOKEN"]) {
    throw new UserError(
      "imageBuildWorkflow is set, and GITHUB_TOKEN is only in a file: Pulumi's GitHub provider reads none; export it, or run cend deploy, which hands it on",
    );
  }
  const github = await optionalPackage(
    "@pulumi/github",
    "the workflow that builds images is kept by the package",
    () => import("@pulumi/github"),
  );
  const provider = new github.Provider(
    `${name}-github`,
    { owner, baseUrl: `${apiUrl}/` },
    { parent, transforms: [withoutToken] },
  );
  const options = { parent, provider, retainOnDelete: true };
  const file = new github.RepositoryFile(
    `${name}-image-workflow`,
    {
      repository,
      branch: ref,
      file: `.github/workflows/${workflow}`,
      content: content(),
      commitMessage: "Workflow that builds the images of ComfyUI endpoints",
      overwriteOnCreate: true,
    },
    options,
  );
  if (registry === undefined) return [file];
  const { username, password } = registry;
  const secret = (suffix: string, secretName: string, value: pulumi.Input<string>) =>
    new github.ActionsSecret(`${name}-${suffix}`, { repository, secretName, value }, options);
  return [
    file,
    secret("registry-username", "REGISTRY_USERNAME", username),
    secret("registry-password", "REGISTRY_PASSWORD", password),
  ];
}
