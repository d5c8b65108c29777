import { type Route, routes, webhookEvent } from "../../contract/api.ts";
import { isMediaType } from "../../contract/value-types.ts";
import type { WorkflowContract } from "../../contract/workflow-contract.ts";
import { outputTypes } from "../workflow/outputs.ts";
import { componentSchemas, queryParameters, schemaOf } from "./components.ts";
import { inputsExample, type Schema } from "./value-schemas.ts";

export interface OpenApiDocument {
  openapi: string;
  /** By path, then by method in small letters. */
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> } & Record<string, unknown>;
  [field: string]: unknown;
}

export interface Operation {
  operationId: string;
  responses: Record<string, Response>;
  [field: string]: unknown;
}

export interface Response {
  description?: string;
  content?: Record<string, { schema?: Schema }>;
  [field: string]: unknown;
}

/** The endpoint's API, made from the table of routes and the workflow's contract. */
export function openApiDocument(contract: WorkflowContract): OpenApiDocument {
  const paths: OpenApiDocument["paths"] = {};
  for (const [name, route] of Object.entries<Route>(routes)) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route, contract) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: contract.contract_id,
      version: contract.version,
      description:
        "A ComfyUI workflow as an API. `POST /run` queues a job, `GET /jobs/{id}` tells how far it is and what came of it; pictures, videos and sounds travel as ids of files.",
    },
    servers: [{ url: ".", description: "Beside this document" }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    security: [{ apiKey: [] }],
    paths,
    webhooks: { jobEnded: { post: jobEnded } },
    components: {
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "x-api-key", description: "A key of this endpoint." },
      },
      schemas: componentSchemas(contract),
    },
  };
}

const tags = {
  Jobs: "Runs of the workflow",
  Files: "What goes into runs and comes out of them",
  Endpoint: "What this is, and how it is",
  Administration: "For whoever runs the endpoint",
} as const;

function tagOf({ path, scope }: Route): keyof typeof tags {
  if (scope === "admin") return "Administration";
  if (path.startsWith("/files")) return "Files";
  return path.startsWith("/run") || path.startsWith("/jobs") ? "Jobs" : "Endpoint";
}

function operation(name: string, route: Route, contract: WorkflowContract): Operation {
  const { scope, summary, path, query, headers = {} } = route;
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, parameter = ""]) => pathParameter(parameter)),
    ...(query === undefined ? [] : queryParameters(query)),
    ...Object.entries(headers).map(([header, description]) => headerParameter(header, description)),
  ];
  return {
    operationId: name,
    summary,
    tags: [tagOf(route)],
    // The scope that a key must be good for.
    security: scope === "open" ? [] : [{ apiKey: [scope] }],
    ...(parameters.length > 0 && { parameters }),
    ...(route.request !== undefined && { requestBody: requestBody(name, route, contract) }),
    responses: { ...successes(route, contract), ...failures(route) },
  };
}

const pathParameter = (name: string): Schema => ({ name, in: "path", required: true, schema: { type: "string" } });

const headerParameter = (name: string, description: string): Schema => ({
  ...{ name, in: "header", required: false, description },
  schema: { type: "string" },
});

function requestBody(name: string, { request, body }: Route, contract: WorkflowContract): Schema {
  if (request === "bytes") {
    const form = { type: "object", properties: { file: { contentMediaType: "application/octet-stream" } } };
    return {
      required: true,
      content: { "*/*": {}, "multipart/form-data": { schema: { ...form, required: ["file"] } } },
    };
  }
  const isOptional = body?.safeParse({}).success === true && name !== "run";
  return {
    required: !isOptional,
    content: {
      "application/json": {
        ...(body !== undefined && { schema: schemaOf(body) }),
        ...(name === "run" && { example: inputsExample(contract) }),
      },
      ...(name === "run" && runForm(contract)),
    },
  };
}

/** A run that brings its files along. */
function runForm({ inputs }: WorkflowContract): Schema {
  const media = inputs.filter(({ type }) => isMediaType(type));
  if (media.length === 0) return {};
  const file = (type: string): Schema => ({ contentMediaType: type.startsWith("file/") ? "*/*" : type });
  const schema = {
    type: "object",
    description: "The other inputs in the field `inputs`, and a file in the field of each media input.",
    properties: {
      inputs: { type: "string", contentMediaType: "application/json" },
      ...Object.fromEntries(media.map(({ name, type }) => [name, file(type)])),
    },
  };
  return { "multipart/form-data": { schema } };
}

function successes({ responses, orOutput }: Route, contract: WorkflowContract): Record<string, Response> {
  const entries = Object.entries(responses).map(([status, body]) => {
    const description = statusTexts[Number(status)] ?? "The answer";
    if (body === "nothing") return [status, { description }] as const;
    const content =
      body === "bytes"
        ? { "*/*": {} }
        : typeof body === "string"
          ? { [body]: { schema: { type: "string" } } }
          : {
              "application/json": { schema: schemaOf(body) },
              ...(orOutput && status === "200" && Object.fromEntries(outputTypes(contract).map((type) => [type, {}]))),
            };
    return [status, { description, content }] as const;
  });
  return Object.fromEntries(entries);
}

const statusTexts: Partial<Record<number, string>> = {
  200: "As asked",
  201: "It is there now",
  202: "Taken; it goes on behind",
  204: "Done",
  206: "The part that was asked for",
  304: "The caller has it",
  503: "Not ready",
};

const error = (description: string): Response => ({
  description,
  content: { "application/json": { schema: { $ref: "#/components/schemas/ErrorBody" } } },
});

/** What every route of the kind may answer; `default` is the rest. */
function failures({ scope, request, path }: Route): Record<string, Response> {
  return {
    ...(request !== undefined && {
      400: error("What was sent is wrong; `problems` has every mistake"),
      413: error("What was sent is too large"),
    }),
    ...(scope !== "open" && {
      401: error("No key, or one that is not known"),
      403: error("The key lacks the scope"),
      429: error("Too much at once; `retry-after` says when to come back"),
    }),
    ...(path.includes(":") && { 404: error("There is no such thing") }),
    default: error("Something else went wrong"),
  };
}

const jobEnded = {
  operationId: "jobEnded",
  summary: "A job has ended",
  description:
    "Sent to the webhook of a run, signed as Standard Webhooks has it: `webhook-signature` holds `v1,` and the base64 of the HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<body>`. It is sent again for about a day until it is taken; `webhook-id` stays the same.",
  tags: ["Jobs"],
  security: [],
  parameters: ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => ({
    name,
    in: "header",
    required: true,
    schema: { type: "string" },
  })),
  requestBody: { required: true, content: { "application/json": { schema: schemaOf(webhookEvent) } } },
  responses: { "2XX": { description: "Taken" }, 410: { description: "Never again" } },
};
