import { readFileSync } from "node:fs";
import { checkContractMeetsWorkflow } from "../../contract/deployable.ts";
import { UserError } from "../../contract/errors.ts";
import { parseDocument, parseJson } from "../../contract/parse.ts";
import { type Prompt, parseWorkflow } from "../../contract/workflow.ts";
import { type WorkflowContract, workflowContractSchema } from "../../contract/workflow-contract.ts";
import type { DocumentSource } from "../settings.ts";

/** What the endpoint runs: the prompt as a template, and the names and types of what goes in and comes out. */
export interface Workflow {
  prompt: Prompt;
  contract: WorkflowContract;
}

/**
 * Reads the contract and the workflow, and checks that they meet.
 * @throws {UserError} naming the document and everything that is wrong with it
 */
export function loadWorkflow(sources: { contract: DocumentSource; workflow: DocumentSource }): Workflow {
  const contract = parseDocument(workflowContractSchema, readJson(sources.contract), sources.contract.subject);
  const prompt = parseWorkflow(readJson(sources.workflow), sources.workflow.subject);
  checkContractMeetsWorkflow(contract, prompt, sources.contract.subject);
  return { prompt, contract };
}

function readJson({ subject, text, path }: DocumentSource): unknown {
  if (text !== undefined) return parseJson(text, subject);
  if (path === undefined) throw new UserError(`${subject} is not set; deploy the app again`);
  try {
    return parseJson(readFileSync(path, "utf8"), subject);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${path} cannot be read; put the file there`, [], { cause });
  }
}
