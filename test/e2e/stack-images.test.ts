import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDeployment, type Deployment } from "../../cli/stacks/deployment.ts";
import { openProject, type Project } from "../../cli/stacks/project.ts";
import { exportState, importState } from "../../cli/stacks/pulumi-cli.ts";
import { engine, engineEnv } from "../../scripts/engine/index.js";
import { writeApp } from "../support/app-folder.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { leaveLock } from "../support/stack-lock.ts";
import { writeTinyProgram } from "../support/tiny-program.ts";

interface State {
  deployment: { resources: ({ urn: string; type: string; dependencies?: string[] } & Record<string, unknown>)[] };
}

let folder: string;
let project: Project;
let deployment: Deployment;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "stack-images-"));
  const env = { ...pulumiEnv(folder), DOCKER_HOST: "unix:///nobody/listens/here" };
  const found = await engine({ onProgress: () => undefined });
  project = await openProject({
    ...{ stateDir: join(folder, "state"), env, program: writeTinyProgram(join(folder, "program")) },
    engine: { pulumi: found.pulumi, env: engineEnv(found, env) },
  });
  deployment = await createDeployment(project, "cards");
  await deployment.configure({ app: writeApp(join(folder, "app")) });
  await deployment.up();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Makes the state what it is after Docker has built an image that the note is made with. */
async function addImage(): Promise<void> {
  const state = (await exportState(project.cli, "cards")) as State;
  const { resources } = state.deployment;
  const [stack, note] = ["pulumi:pulumi:Stack", "pulumi-nodejs:dynamic/comfy-endpoints:Note"].map((type) =>
    resources.find((resource) => resource.type === type),
  );
  const provider = "urn:pulumi:cards::comfy-endpoints::pulumi:providers:docker::default_5_2_0";
  const image = "urn:pulumi:cards::comfy-endpoints::docker:index/image:Image::build";
  const made = [
    { urn: provider, custom: true, id: "1e0fa4ab-54ae-43c2-b1be-b8b5c4a1d2a9", type: "pulumi:providers:docker" },
    {
      ...{ urn: image, custom: true, id: "ghcr.io/me/golden:1", type: "docker:index/image:Image", parent: stack?.urn },
      provider: `${provider}::1e0fa4ab-54ae-43c2-b1be-b8b5c4a1d2a9`,
    },
  ];
  note?.dependencies?.push(image);
  const at = resources.findIndex(({ urn }) => urn === note?.urn);
  resources.splice(at, 0, ...made);
  const answer = await importState(project.cli, "cards", state);
  expect(answer.stderr).not.toContain("error");
}

/** In the order in which it happens. */
describe("a stack with an image that Docker built, where there is no Docker", () => {
  it("cannot be previewed, which is told with what can be done", async () => {
    await addImage();
    await expect(deployment.preview()).rejects.toThrow(
      /^pulumi preview of cards failed[^]*\nPulumi wants Docker for whatever is done with a stack that has ghcr\.io\/me\/golden:1, and Docker .*; start Docker, or deploy without a preview: cend deploy goes on without that image, which its registry keeps$/,
    );
    expect(JSON.stringify(await exportState(project.cli, "cards"))).toContain("docker:index/image:Image");
  });

  it("is deployed without it, also after a run that died", async () => {
    leaveLock(join(folder, "state/backend"), "cards");
    let output = "";
    const { changes } = await deployment.up({ onOutput: (text) => (output += text) });
    expect(changes).toEqual({ same: 3 });
    expect(output).toMatch(
      /^Docker .*; the stack goes on without ghcr\.io\/me\/golden:1, which its registry keeps\.$/m,
    );
    expect(JSON.stringify(await exportState(project.cli, "cards"))).not.toContain("docker");
  });

  it("is refreshed and destroyed without it", async () => {
    await addImage();
    expect((await deployment.refresh()).changes).toEqual({ same: 3 });
    await addImage();
    expect((await deployment.destroy()).changes).toMatchObject({ delete: 3 });
  });
});
