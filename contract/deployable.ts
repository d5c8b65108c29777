import { dirname, resolve } from "node:path";
import { type App, appSchema, appWarnings } from "./app.ts";
import { documentError, type Problem, UserError } from "./errors.ts";
import type { Artifact } from "./models/artifact.ts";
import { checkArtifacts } from "./models/check.ts";
import { lockArtifacts, lockFileName } from "./models/lock.ts";
import { movingPacks, nodePacks } from "./nodes/packs.ts";
import { parseDocument, parseJson } from "./parse.ts";
import { unknownFields } from "./unknown-fields.ts";
import { warmUpInputs } from "./warm-up.ts";
import { isClass, isLink, type Prompt, type PromptNode, parseWorkflow } from "./workflow.ts";
import { type ContractInput, type WorkflowContract, workflowContractSchema } from "./workflow-contract.ts";

/** An app whose files were read, checked, and meet. */
export interface Deployable {
  app: App;
  /** The app's artifacts as models.lock.json pins them. */
  artifacts: Artifact[];
  contract: WorkflowContract;
  prompt: Prompt;
  /** The files' own texts, as they go to the pod. */
  contractJson: string;
  workflowJson: string;
  /** What the author should know although everything is valid. */
  warnings: string[];
}

/**
 * Reads `app.json`, the workflow it names, the contract beside that (`workflow.json` → `workflow.contract.json`), and
 * `models.lock.json` beside app.json when there is one.
 * @param readText the file's text, or undefined when there is no such file
 * @throws {UserError} at the first file that is missing or broken, with all of its problems
 */
export function loadDeployable(appFile: string, readText: (path: string) => string | undefined): Deployable {
  if (!/\.json$/i.test(appFile)) throw new UserError(`${appFile} is not a .json file; give the path of an app.json`);
  const appJson = readText(appFile);
  if (appJson === undefined) throw new UserError(`${appFile} does not exist; give the path of an app.json`);
  const appDocument = parseJson(appJson, appFile);
  const app = parseDocument(appSchema, appDocument, appFile);

  const workflowFile = resolve(dirname(appFile), app.workflow_path);
  const workflowJson = readText(workflowFile);
  if (workflowJson === undefined) {
    throw new UserError(`${appFile}: "workflow_path" is "${app.workflow_path}"; there is no file ${workflowFile}`);
  }
  const prompt = parseWorkflow(parseJson(workflowJson, workflowFile), workflowFile);

  const contractFile = workflowFile.replace(/(\.[^./]*)?$/, ".contract.json");
  const contractJson = readText(contractFile);
  if (contractJson === undefined) {
    throw new UserError(`${contractFile} does not exist; the workflow's named inputs and outputs are declared there`);
  }
  const contractDocument = parseJson(contractJson, contractFile);
  const contract = parseDocument(workflowContractSchema, contractDocument, contractFile);
  checkContractMeetsWorkflow(contract, prompt, contractFile);

  if (app.endpoint.warm_up !== undefined) warmUpInputs(contract, app.endpoint.warm_up, appFile);
  const lockFile = resolve(dirname(appFile), lockFileName);
  const { artifacts, warnings } = lockArtifacts(app.artifacts, readText(lockFile), lockFile);
  const moving = movingPacks(nodePacks(artifacts, appFile)).map(
    ({ at, ref }) =>
      `"artifacts[${at}].ref" is "${ref}"; each deployment takes the commit that it is then; run comfy-endpoints lock, or give the full commit`,
  );
  return {
    ...{ app, artifacts, contract, prompt, contractJson, workflowJson },
    warnings: [
      ...unknownFields(appSchema, appDocument).map((path) => ignored(path)),
      ...unknownFields(workflowContractSchema, contractDocument).map((path) => ignored(path, contractFile)),
      ...appWarnings(app),
      ...warnings,
      ...moving,
      // What an image brings along nobody has to declare: a model that lacks is no error, then.
      ...missingModels(artifacts, prompt),
    ],
  };
}

const ignored = (path: string, file?: string): string =>
  `"${path}"${file === undefined ? "" : ` in ${file}`} is not a known field and means nothing; check its spelling`;

const missingModels = (artifacts: readonly Artifact[], prompt: Prompt): string[] =>
  checkArtifacts(artifacts, prompt).errors.map(({ message }) => message);

/**
 * Every node and field that the contract names must be in the workflow.
 * @throws {UserError} with every problem
 */
export function checkContractMeetsWorkflow(contract: WorkflowContract, prompt: Prompt, subject: string): void {
  const problems = [...inputProblems(contract, prompt), ...outputProblems(contract, prompt)];
  if (problems.length > 0) throw documentError(subject, problems);
}

/** Which field of its node an input sets; undefined when the node has no field that could be meant. */
export function inputField(input: Pick<ContractInput, "name" | "field">, node: PromptNode): string | undefined {
  if (input.field !== undefined) return input.field;
  if (isClass(node, "ApiInput")) return "value";
  if (input.name in node.inputs) return input.name;
  if ("value" in node.inputs) return "value";
  const fields = Object.keys(node.inputs);
  return fields.length === 1 ? fields[0] : undefined;
}

function inputProblems(contract: WorkflowContract, prompt: Prompt): Problem[] {
  return contract.inputs.flatMap((input, at): Problem[] => {
    const node = prompt[input.node_id];
    if (node === undefined) return [missingNode(`inputs[${at}].node_id`, input.node_id, prompt)];
    const field = inputField(input, node);
    const fields = Object.keys(node.inputs).join(", ");
    if (field === undefined) {
      return [
        {
          path: `inputs[${at}].field`,
          message: `is missing; say which of ${node.class_type}'s inputs it sets: ${fields}`,
        },
      ];
    }
    if (isLink(node.inputs[field])) {
      return [
        {
          path: `inputs[${at}]`,
          message: `would cut the link that feeds "${field}" of node "${input.node_id}" (${node.class_type}); choose a field that holds a value`,
        },
      ];
    }
    return [];
  });
}

function outputProblems(contract: WorkflowContract, prompt: Prompt): Problem[] {
  return contract.outputs.flatMap((output, at): Problem[] =>
    prompt[output.node_id] === undefined ? [missingNode(`outputs[${at}].node_id`, output.node_id, prompt)] : [],
  );
}

function missingNode(path: string, id: string, prompt: Prompt): Problem {
  const nodes = Object.entries(prompt)
    .map(([nodeId, node]) => `${nodeId} (${node.class_type})`)
    .join(", ");
  return { path, message: `is "${id}", a node the workflow lacks; its nodes are ${nodes}` };
}
