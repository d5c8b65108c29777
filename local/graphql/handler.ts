import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Request, Response } from "express";
import {
  buildSchema,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { z } from "zod";
import { Refusal } from "../account/refusal.ts";
import type { Fault, Faults } from "../faults.ts";
import { failOnPurpose } from "../http-faults.ts";
import type { OperationLog } from "../operations.ts";
import type { RequestContext } from "./resolvers.ts";
import { accessOf, isOpen, operationOf, rootFieldsOf } from "./access.ts";

export interface GraphQlOptions {
  /** One function per root field of the schema. */
  root: object;
  isKey: (key: string) => boolean;
  faults: Faults;
  operations: OperationLog;
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
export function createGraphQlHandler({ root, isKey, faults, operations }: GraphQlOptions) {
  const schema = buildSchema(readFileSync(join(import.meta.dirname, "../schema.graphql"), "utf8"));
  const rules = [...specifiedRules, NoSchemaIntrospectionCustomRule];

  return async (request: Request, response: Response): Promise<void> => {
    if (!request.headers["user-agent"]) {
      response.status(403).type("text").send("error code: 1010");
      return;
    }
    const access = accessOf(request.headers, request.query, isKey);
    const body = requestBody.safeParse(request.body);
    if (!body.success) {
      failed(response, 400, new GraphQLError("POST body must be JSON with a query", code("BAD_REQUEST")));
      return;
    }
    const { query, variables, operationName } = body.data;
    const document = parsed(query);
    const errors = document instanceof GraphQLError ? [document] : validate(schema, document, rules);
    if (access === "refused") {
      unauthorized(response);
      return;
    }
    if (document instanceof GraphQLError || errors.length > 0) {
      failed(response, 400, ...errors.map((error) => withCode(error, "GRAPHQL_VALIDATION_FAILED")));
      return;
    }
    const operation = operationOf(document, operationName ?? undefined);
    const fields = operation === undefined ? [] : rootFieldsOf(operation);
    if (access === "open" && !isOpen(fields)) {
      unauthorized(response);
      return;
    }
    if (access === "open" && Object.keys(variables ?? {}).length > 0) {
      failed(response, 400, new GraphQLError("Variables are not allowed without credentials", code("BAD_REQUEST")));
      return;
    }

    const podId = podIdOf(variables);
    const fault = fields.map((field) => faults.take(field, podId)).find((taken) => taken !== undefined);
    const name = fields[0] ?? "";
    if (fault !== undefined && fault.kind !== "list-lag") {
      operations.record({ name, podId, outcome: "fault", detail: fault.kind });
      if (refuseFirst(fault, fields, response)) return;
    }
    const result = await execute({
      schema,
      document,
      rootValue: root,
      contextValue: {
        listLagMs: fault?.kind === "list-lag" ? fault.milliseconds : undefined,
      } satisfies RequestContext,
      variableValues: variables,
      operationName: operationName ?? null,
    });
    if (fault?.kind === "timeout") return;
    if (fault?.kind === "reset-after") {
      response.socket?.destroy();
      return;
    }
    const detail = result.errors?.[0]?.message;
    const created = createdPod(result);
    if (fault === undefined || fault.kind === "list-lag") {
      operations.record({ name, podId: podId ?? created, outcome: detail === undefined ? "ok" : "refused", detail });
    }
    answer(response, result);
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
    if (originalError === undefined) return withCode(error, "BAD_USER_INPUT");
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

const code = (value: string | undefined) => ({ extensions: value === undefined ? {} : { code: value } });

function withCode(error: GraphQLError, value: string | undefined): object {
  const { message, locations, path } = error;
  return { message, ...(locations && { locations }), ...(path && { path }), ...code(value) };
}

function failed(response: Response, status: number, ...errors: object[]): void {
  response.status(status).json({ errors });
}

function unauthorized(response: Response): void {
  failed(response, 401, new GraphQLError("Unauthorized", code("UNAUTHENTICATED")));
}

function podIdOf(variables: Record<string, unknown> | null | undefined): string | undefined {
  const input = variables?.["input"];
  const podId = typeof input === "object" && input !== null && "podId" in input ? input.podId : undefined;
  return typeof podId === "string" ? podId : undefined;
}

function createdPod({ data }: ExecutionResult): string | undefined {
  const pod = data?.["podFindAndDeployOnDemand"] ?? data?.["podRentInterruptable"];
  return typeof pod === "object" && pod !== null && "id" in pod && typeof pod.id === "string" ? pod.id : undefined;
}
