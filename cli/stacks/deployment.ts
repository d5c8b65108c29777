import { Stack, StackNotFoundError } from "@pulumi/pulumi/automation/index.js";
import { z } from "zod";
import { UserError } from "../../contract/errors.ts";
import { type StackConfigKey, stackConfigKeys } from "../../contract/stack-config.ts";
import type { Changes } from "./changes.ts";
import { forgetDockerImages, withDockerRemedy } from "./docker-images.ts";
import { engineFailure, ProgramFailure } from "./failure.ts";
import { operate, type RunOptions } from "./operation.ts";
import type { EndpointOutputs } from "./outputs.ts";
import type { Project } from "./project.ts";
import { readOutputs, writeSecret } from "./pulumi-cli.ts";
import type { StackSettings } from "./settings.ts";

/** Config of a stack; Pulumi.yaml says what each key means. */
export interface DeploymentConfig {
  /** Absolute path of app.json. */
  app: string;
  /** What else is to be set; the other keys stay as they are. */
  settings?: StackSettings;
}

/** One stack: an app that is, or is to be, deployed. Failures of the engine are {@link UserError}s. */
export interface Deployment {
  readonly stackName: string;
  configure(config: DeploymentConfig): Promise<void>;
  up(options?: RunOptions): Promise<{ changes: Changes; outputs: EndpointOutputs }>;
  preview(options?: RunOptions): Promise<{ changes: Changes }>;
  /** Reads what there really is into the state, and changes nothing else. */
  refresh(options?: RunOptions): Promise<{ changes: Changes }>;
  /** Deletes all resources and then the stack itself. */
  destroy(options?: RunOptions): Promise<{ changes: Changes }>;
  /** @throws {UserError} when no deployment of the stack ever finished */
  outputs(): Promise<EndpointOutputs>;
  /** Removes the stack when it holds no resources: what a deployment that failed at once leaves behind. */
  removeIfEmpty(): Promise<void>;
  /** Frees the stack of the lock of a run that died. */
  cancel(): Promise<void>;
}

/** The deployment with that stack; undefined when there is no such stack. */
export async function openDeployment(project: Project, stackName: string): Promise<Deployment | undefined> {
  try {
    return createDeploymentOf(project, await Stack.select(stackName, project.workspace));
  } catch (error) {
    if (error instanceof StackNotFoundError) return undefined;
    throw engineFailure(`opening the stack ${stackName}`, [], outputOf(error), { cause: error });
  }
}

/** A deployment with a new stack, or with the one there is. */
export async function createDeployment(project: Project, stackName: string): Promise<Deployment> {
  try {
    return createDeploymentOf(project, await Stack.createOrSelect(stackName, project.workspace));
  } catch (error) {
    throw engineFailure(`creating the stack ${stackName}`, [], outputOf(error), { cause: error });
  }
}

function createDeploymentOf({ workspace, cli }: Project, stack: Stack): Deployment {
  const stackName = stack.name;

  async function outputs(): Promise<EndpointOutputs> {
    const found = await readOutputs(cli, stackName);
    if (found !== undefined) return found;
    throw new UserError(`the stack ${stackName} is gone; somebody else removed it`);
  }

  return {
    stackName,
    async configure({ app, settings = {} }) {
      const entries = Object.entries({ ...settings, app }) as [StackConfigKey, string][];
      const isSecret = (key: StackConfigKey, value: string): boolean => stackConfigKeys[key].secret && value !== "";
      const plain = entries.filter(([key, value]) => value !== "" && !isSecret(key, value));
      await stack.setAllConfig(Object.fromEntries(plain.map(([key, value]) => [`comfy-endpoints:${key}`, { value }])));
      const unset = entries.filter(([, value]) => value === "").map(([key]) => `comfy-endpoints:${key}`);
      if (unset.length > 0) await stack.removeAllConfig(unset);
      for (const [key, value] of entries) if (isSecret(key, value)) await writeSecret(cli, stackName, key, value);
    },
    async up(options = {}) {
      await forgetDockerImages(stack, cli, options.onOutput);
      const changes = await operate(stack, "up", options, (engine) => stack.up(engine));
      return { changes, outputs: await outputs() };
    },
    preview: async (options = {}) => ({
      changes: await operate(stack, "preview", options, (engine) => stack.preview(engine)).catch(
        async (error: unknown) => {
          throw await withDockerRemedy(error, stack, cli);
        },
      ),
    }),
    // With the program the engine uses today's config and credentials instead of the last deployment's.
    async refresh(options = {}) {
      await forgetDockerImages(stack, cli, options.onOutput);
      return {
        changes: await operate(stack, "refresh", options, (engine) => stack.refresh({ ...engine, runProgram: true })),
      };
    },
    async destroy(options = {}) {
      await forgetDockerImages(stack, cli, options.onOutput);
      const destroy = (runProgram: boolean) =>
        operate(stack, "destroy", options, (engine) => stack.destroy({ ...engine, runProgram }));
      // Running the program makes the engine use today's config and credentials instead of the last deployment's.
      const changes = await destroy(true).catch((error: unknown) => {
        if (!(error instanceof ProgramFailure) || options.signal?.aborted === true) throw error;
        options.onOutput?.("The app cannot be read any more; what its last deployment made is destroyed.\n");
        return destroy(false);
      });
      await workspace.removeStack(stackName);
      return { changes };
    },
    outputs,
    async removeIfEmpty() {
      const state = deploymentState.parse((await stack.exportStack()).deployment);
      const isEmpty = state.resources.length === 0 && state.pending_operations.length === 0;
      if (isEmpty) await workspace.removeStack(stackName, { force: true });
    },
    cancel: () => stack.cancel(),
  };
}

/** What a state holds that may cost money: custom resources, and operations whose outcome nobody knows. */
const deploymentState = z.object({
  resources: z
    .array(z.object({ type: z.string(), custom: z.boolean().default(false) }))
    .default([])
    .transform((resources) => resources.filter(({ type, custom }) => custom && !type.startsWith("pulumi:providers:"))),
  pending_operations: z
    .array(z.unknown())
    .nullish()
    .transform((operations) => operations ?? []),
});

/** What a command of the engine printed; the Automation API gives it twice, in a frame of its own. */
const outputOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\n err\?: [^]*$/, "");
