import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Request, Response } from "express";
import {
  buildSchema,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { z } from "zod";
import { Refusal } from "../account/refusal.ts";
import type { Fault, Faults } from "../faults.ts";
import { failOnPurpose } from "../http-faults.ts";
import type { OperationLog, OperationMoment, OperationWatch } from "../operations.ts";
import { type Access, accessOf, isOpen, operationOf, rootFieldsOf } from "./access.ts";
import type { RequestContext } from "./resolvers.ts";

export interface GraphQlOptions {
  /** One function per root field of the schema. */
  root: object;
  isKey: (key: string) => boolean;
  faults: Faults;
  operations: OperationLog;
  watch?: OperationWatch | undefined;
}

const requestBody = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/**
 * `POST /graphql` as RunPod answers it. Evidence: resolver errors come with HTTP 200 (vendor); bad keys with 401 (vendor's
 * client); 403 `error code: 1010` without a User-Agent (seen live); introspection is off (vendor). That an invalid
 * document gets 400, and the body of the 401, are assumptions: the first is what servers of this family do.
 */
export function createGraphQlHandler({ root, isKey, faults, operations, watch }: GraphQlOptions) {
  const schema = buildSchema(readFileSync(join(import.meta.dirname, "../schema.graphql"), "utf8"));

  return async (request: Request, response: Response): Promise<void> => {
    if (!request.headers["user-agent"]) {
      response.status(403).type("text").send("error code: 1010");
      return;
    }
    const asked = admitted(request.body, accessOf(request.headers, request.query, isKey), schema);
    if ("errors" in asked) {
      response.status(asked.status).json({ errors: asked.errors });
      return;
    }
    const { document, fields, isMutation, variables, operationName } = asked;
    const name = fields[0] ?? "";
    const podId = podIdOf(variables);
    const tell = (moment: OperationMoment["moment"]) => watch?.({ moment, name, podId, isMutation });
    await tell("arrived");
    const fault = fields.map((field) => faults.take(field, podId)).find((taken) => taken !== undefined);
    if (fault !== undefined) operations.record({ name, podId, outcome: "fault", detail: fault.kind });
    if (fault !== undefined && refuseFirst(fault, fields, response)) return;

    const context: RequestContext = { listLagMs: fault?.kind === "list-lag" ? fault.milliseconds : undefined };
    const result = await execute({
      schema,
      document,
      rootValue: root,
      contextValue: context,
      variableValues: variables,
      operationName: operationName ?? null,
    });
    await tell("done");
    if (fault?.kind === "timeout") return;
    if (fault?.kind === "reset-after") {
      response.socket?.destroy();
      return;
    }
    if (fault === undefined) {
      const detail = result.errors?.[0]?.message;
      const outcome = detail === undefined ? "ok" : "refused";
      operations.record({ name, podId: podId ?? createdPod(result), outcome, detail });
    }
    answer(response, result);
  };
}

interface Admitted {
  document: DocumentNode;
  /** Names of the root fields. */
  fields: string[];
  isMutation: boolean;
  variables: Record<string, unknown>;
  operationName: string | undefined;
}

const rules = [...specifiedRules, NoSchemaIntrospectionCustomRule];

/** The request when it may be executed, or why it may not. */
function admitted(
  body: unknown,
  access: Access,
  schema: GraphQLSchema,
): Admitted | { status: number; errors: object[] } {
  const unauthorized = { status: 401, errors: [withCode(new GraphQLError("Unauthorized"), "UNAUTHENTICATED")] };
  const bad = (message: string) => ({ status: 400, errors: [withCode(new GraphQLError(message), "BAD_REQUEST")] });
  if (access === "refused") return unauthorized;
  const parsedBody = requestBody.safeParse(body);
  if (!parsedBody.success) return bad("POST body must be JSON with a query");
  const document = parsed(parsedBody.data.query);
  const errors = document instanceof GraphQLError ? [document] : validate(schema, document, rules);
  if (document instanceof GraphQLError || errors.length > 0) {
    return { status: 400, errors: errors.map((error) => withCode(error, "GRAPHQL_VALIDATION_FAILED")) };
  }
  const operationName = parsedBody.data.operationName ?? undefined;
  const operation = operationOf(document, operationName);
  const fields = operation === undefined ? [] : rootFieldsOf(operation);
  const variables = parsedBody.data.variables ?? {};
  if (access === "open" && !isOpen(fields)) return unauthorized;
  if (access === "open" && Object.keys(variables).length > 0)
    return bad("Variables are not allowed without credentials");
  return {
    document,
    fields,
    isMutation: operation?.operation === OperationTypeNode.MUTATION,
    variables,
    operationName,
  };
}

/** Faults that happen before anything is done; true when the request is over. */
function refuseFirst(fault: Fault, fields: readonly string[], response: Response): boolean {
  if (fault.kind !== "graphql-error") return failOnPurpose(fault, response);
  const error = withCode(new GraphQLError(fault.message, { path: fields.slice(0, 1) }), fault.code);
  response.json({ data: Object.fromEntries(fields.map((field) => [field, null])), errors: [error] });
  return true;
}

function answer(response: Response, result: ExecutionResult): void {
  const errors = result.errors?.map((error) => {
    const { originalError } = error;
    if (originalError instanceof Refusal) return withCode(error, originalError.code);
    // graphql's own: a variable that does not fit, for one.
    if (originalError === undefined || originalError instanceof GraphQLError) return withCode(error, "BAD_USER_INPUT");
    console.error(originalError);
    return withCode(
      new GraphQLError("Something went wrong. Please try again later or contact support.", { path: error.path }),
      "INTERNAL_SERVER_ERROR",
    );
  });
  // Without data nothing was executed: the variables did not fit.
  const status = result.data === undefined ? 400 : 200;
  response.status(status).json({ ...(errors && { errors }), ...(result.data !== undefined && { data: result.data }) });
}

function parsed(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

function withCode(error: GraphQLError, value: string | undefined): object {
  const { message, locations, path } = error;
  return {
    message,
    ...(locations && { locations }),
    ...(path && { path }),
    extensions: value === undefined ? {} : { code: value },
  };
}

function podIdOf(variables: Record<string, unknown>): string | undefined {
  const input = variables["input"];
  const podId = typeof input === "object" && input !== null && "podId" in input ? input.podId : undefined;
  return typeof podId === "string" ? podId : undefined;
}

function createdPod({ data }: ExecutionResult): string | undefined {
  const pod = data?.["podFindAndDeployOnDemand"] ?? data?.["podRentInterruptable"];
  return typeof pod === "object" && pod !== null && "id" in pod && typeof pod.id === "string" ? pod.id : undefined;
}
