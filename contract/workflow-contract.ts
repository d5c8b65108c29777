import { z } from "zod";
import { checkInputValue } from "./input-values.ts";
import { isMediaType, isScalarType, normalizeType, typeRemedy } from "./value-types.ts";

const valueType = z
  .string()
  .transform(normalizeType)
  .refine((type) => isScalarType(type) || isMediaType(type), { error: typeRemedy })
  .describe("`string`, `integer`, `number`, `boolean`, or a media type such as `image/png` or `video/*`");

// A slash would end a path segment of the file store and of URLs; dots alone are folders.
const valueName = z
  .string()
  .trim()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, {
    error: "give a name of letters, digits, _ and -, beginning with a letter or _, at most 64 long",
  });

const nodeId = z
  .union([z.string().trim().min(1, "give the id of a workflow node"), z.number().int()])
  .transform(String);

const inputSchema = z
  .object({
    name: valueName.describe("The name callers use in `POST /run`"),
    type: valueType,
    required: z.boolean("true or false, without quotes").describe("Whether every run has to give it"),
    node_id: nodeId.describe("The node of the workflow that takes it"),
    field: z
      .string()
      .min(1)
      .optional()
      .describe("Which input of the node is set. Without it: ApiInput's `value`, else the field called like the input"),
    default: z.unknown().optional().describe("Used when a caller leaves the input out"),
    min: z.number().optional().describe("Least integer or number that is taken"),
    max: z.number().optional().describe("Largest integer or number that is taken"),
    step: z
      .number()
      .positive("give a number above 0")
      .optional()
      .describe("The value must be `min` (or 0) plus a multiple of this"),
    enum: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1, "list at least one value")
      .optional()
      .describe("The only values taken"),
    url: z
      .boolean("true or false, without quotes")
      .optional()
      .describe(
        "For a media type: callers may give an https:// address in place of a file id. The gateway fetches it when the run is taken, from public hosts only, up to the size of an upload",
      ),
    description: z.string().optional().describe("What callers read about it"),
  })
  .superRefine((input, context) => {
    const numeric = input.type === "integer" || input.type === "number";
    for (const bound of ["min", "max", "step"] as const) {
      if (input[bound] !== undefined && !numeric) {
        context.addIssue({
          code: "custom",
          path: [bound],
          input: input[bound],
          message: `bounds belong to integer and number; this input is ${input.type}`,
        });
      }
    }
    if (input.url === true && !isMediaType(input.type)) {
      const message = `addresses are fetched for media types such as image/png; this input is ${input.type}`;
      context.addIssue({ code: "custom", path: ["url"], input: input.url, message });
    }
    if (input.min !== undefined && input.max !== undefined && input.min > input.max) {
      context.addIssue({
        code: "custom",
        path: ["min"],
        input: input.min,
        message: `it must not exceed max (${input.max})`,
      });
    }
    if (input.default === undefined) return;
    const problem = checkInputValue(input, input.default);
    if (problem !== undefined) {
      context.addIssue({ code: "custom", path: ["default"], input: input.default, message: problem });
    }
  });

const outputSchema = z.object({
  name: valueName.describe("The key under `result` of a finished job"),
  type: valueType,
  node_id: nodeId.describe("The node of the workflow that gives it"),
  multiple: z
    .boolean()
    .optional()
    .describe("true: `result.<name>` is an array of everything the node gave; false: its first value"),
  description: z.string().optional().describe("What callers read about it"),
});

/** `workflow.contract.json`: the named, typed inputs and outputs of a workflow, beside it under the same stem. */
export const workflowContractSchema = z.object({
  contract_id: z.string().min(1, "give the contract an id").describe("What the contract is called"),
  version: z.string().min(1, "give a version such as v1").describe("The contract's own version"),
  inputs: z
    .array(inputSchema)
    .min(1, "declare at least one input")
    .superRefine(uniqueNames)
    .describe("What a run takes"),
  outputs: z
    .array(outputSchema)
    .min(1, "declare at least one output")
    .superRefine(uniqueNames)
    .describe("What a finished job gives"),
});

export type WorkflowContract = z.output<typeof workflowContractSchema>;
export type ContractInput = WorkflowContract["inputs"][number];
export type ContractOutput = WorkflowContract["outputs"][number];

function uniqueNames(items: { name: string }[], context: z.RefinementCtx<{ name: string }[]>): void {
  items.forEach((item, at) => {
    if (items.findIndex((other) => other.name === item.name) < at) {
      context.addIssue({
        code: "custom",
        path: [at, "name"],
        input: item.name,
        message: "the name is used above; names are unique",
      });
    }
  });
}
