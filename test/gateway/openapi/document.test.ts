import { createConfig, lintFromString } from "@redocly/openapi-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routes } from "../../../contract/api.ts";
import { parseDocument } from "../../../contract/parse.ts";
import { workflowContractSchema } from "../../../contract/workflow-contract.ts";
import { openApiDocument } from "../../../gateway/openapi/document.ts";
import { contractDocument } from "../../support/apps.ts";
import { startGateway, type TestGateway } from "../../support/gateway.ts";

const inputs = [
  { name: "prompt", type: "string", required: true, node_id: "1", description: "What is to be seen." },
  { name: "seed", type: "integer", required: false, node_id: "1", min: 0, max: 2 ** 32, default: 7 },
  { name: "width", type: "integer", required: true, node_id: "1", min: 64, max: 2048, step: 64, default: 512 },
  { name: "strength", type: "number", required: false, node_id: "1", min: 0.05, max: 1, step: 0.1 },
  { name: "sampler", type: "string", required: true, node_id: "1", enum: ["euler", "ddim"] },
  { name: "upscale", type: "boolean", required: false, node_id: "1" },
  { name: "options", type: "object", required: false, node_id: "1" },
  { name: "points", type: "array", required: false, node_id: "1" },
  { name: "mask", type: "image/png", required: true, node_id: "1" },
  { name: "clip", type: "video/mp4", required: false, node_id: "1", url: true },
];
const outputs = [
  { name: "image", type: "image/png", node_id: "3", description: "The picture." },
  { name: "frames", type: "image/png", node_id: "3", multiple: true },
  { name: "score", type: "number", node_id: "3" },
];
const document = openApiDocument(
  parseDocument(workflowContractSchema, { ...contractDocument, inputs, outputs }, "the contract"),
);
const fileId = (type: string) => ({
  type: "string",
  pattern: "^fid_[0-9a-f]{32}$",
  description: `Id of a file, ${type}.`,
  "x-media-type": type,
});

describe("the OpenAPI document", () => {
  it("says what this workflow takes, with its bounds and defaults", () => {
    expect(document.components.schemas["RunInputs"]).toEqual({
      type: "object",
      description: "The workflow's inputs.",
      properties: {
        prompt: { type: "string", description: "What is to be seen." },
        seed: { type: "integer", minimum: 0, maximum: 2 ** 32, default: 7 },
        width: { type: "integer", minimum: 64, maximum: 2048, multipleOf: 64, default: 512 },
        strength: { type: "number", minimum: 0.05, maximum: 1, description: "From 0.05 in steps of 0.1." },
        sampler: { type: "string", enum: ["euler", "ddim"] },
        upscale: { type: "boolean" },
        options: { type: "object" },
        points: { type: "array", items: {} },
        mask: fileId("image/png"),
        clip: {
          type: "string",
          anyOf: [{ pattern: "^fid_[0-9a-f]{32}$" }, { pattern: "^https://" }],
          description: "Id of a file, video/mp4, or its https address.",
          "x-media-type": "video/mp4",
        },
      },
      required: ["prompt", "sampler", "mask"],
      additionalProperties: false,
    });
  });

  it("says what this workflow gives", () => {
    expect(document.components.schemas["JobResult"]).toEqual({
      type: "object",
      description: "The workflow's outputs.",
      properties: {
        image: { ...fileId("image/png"), description: "The picture." },
        frames: { type: "array", items: fileId("image/png") },
        score: { type: "number" },
      },
      required: ["image", "frames", "score"],
    });
  });

  it("says where the bytes of an output may stand in place of the job", () => {
    const typesAt = (path: string, method: string, status: string): string[] =>
      Object.keys(document.paths[path]?.[method]?.responses[status]?.content ?? {});
    for (const [path, method] of Object.entries({ "/run": "post", "/jobs/{id}": "get" })) {
      expect(typesAt(path, method, "200")).toEqual(["application/json", "image/png"]);
      expect(typesAt(path, method, "202")).toEqual(["application/json"]);
    }
    expect(typesAt("/jobs", "get", "200")).toEqual(["application/json"]);
  });

  it("shows a run that passes", () => {
    expect(document.paths["/run"]?.["post"]).toMatchObject({
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: { $ref: "#/components/schemas/RunInputs" },
            example: {
              prompt: "a lighthouse in heavy fog",
              seed: 7,
              width: 512,
              sampler: "euler",
              mask: "fid_0123456789abcdef0123456789abcdef",
            },
          },
          "multipart/form-data": {
            schema: { properties: { inputs: { type: "string" }, mask: { contentMediaType: "image/png" } } },
          },
        },
      },
    });
  });

  it("has every route of the table, each with the scope that a key must be good for", () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId, security }]) => ({ path, method, operationId, security })),
    );
    expect(operations).toEqual(
      expect.arrayContaining(
        Object.entries(routes).map(([name, { path, method, scope }]) => ({
          path: path.replace(/:(\w+)/g, "{$1}"),
          method: method.toLowerCase(),
          operationId: name,
          security: scope === "open" ? [] : [{ apiKey: [scope] }],
        })),
      ),
    );
    expect(operations).toHaveLength(Object.keys(routes).length);
  });

  it("passes a linter", async () => {
    const config = await createConfig({
      extends: ["recommended-strict"],
      rules: {
        // Whoever runs an endpoint chooses under which terms.
        "info-license": "off",
        // `/healthz` and `/docs` answer whoever asks.
        "operation-4xx-response": "off",
      },
    });
    const found = await lintFromString({ source: JSON.stringify(document), config, absoluteRef: "openapi.json" });
    expect(found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
  });
});

describe("GET /openapi.json", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  it("gives the document of the workflow that was deployed", async () => {
    const contract = parseDocument(workflowContractSchema, contractDocument, "the contract");
    const response = await gateway.request("/openapi.json");
    expect([response.status, await response.json()]).toEqual([200, openApiDocument(contract)]);
  });

  it("wants a key, for it shows the workflow's inputs", async () => {
    expect((await fetch(`${gateway.url}/openapi.json`)).status).toBe(401);
  });
});

describe("an endpoint whose boot failed", () => {
  it("has no document, and says why", async () => {
    const gateway = await startGateway({ contract: { contract_id: "x" }, ready: false });
    try {
      let response = await gateway.request("/openapi.json");
      for (let look = 0; look < 100 && response.status !== 503; look++)
        response = await gateway.request("/openapi.json");
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ error: "not_ready" });
    } finally {
      await gateway.stop();
    }
  });
});
