/** The API of this endpoint, from its OpenAPI document. */

/** @import { Api } from "../common/api.js" */

import { baseUrl } from "../common/api.js";
import { byId, copyButton, make } from "../common/dom.js";
import { createDoor } from "../common/door.js";
import { watchHealth } from "../common/health.js";
import { shellWord } from "../form/snippets.js";

/**
 * @typedef {object} Operation
 * @property {string} path
 * @property {string} verb
 * @property {string} summary
 * @property {string[]} tags
 * @property {{ apiKey: string[] }[]} security
 * @property {{ name: string, in: string, description?: string }[]} [parameters]
 * @property {{ content: Record<string, { schema?: any, example?: unknown }> }} [requestBody]
 * @property {Record<string, { description: string }>} responses
 */

const door = createDoor(async (api) => begin(await api.json("openapi.json")));
watchHealth(() => door.knock());

/** @param {any} document an OpenAPI document of this endpoint */
function begin(document) {
  byId("title", HTMLElement).textContent = globalThis.document.title = document.info.title;
  byId("version", HTMLElement).textContent = document.info.version;
  /** @type {Operation[]} */
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([verb, operation]) => ({ path, verb, ...operation })),
  );
  const groups = document.tags.map((/** @type {{ name: string, description: string }} */ { name, description }) =>
    make(
      "section",
      {},
      make("h2", {}, name, make("small", {}, description)),
      ...operations.filter(({ tags }) => tags.includes(name)).map((operation) => operationElement(operation, document)),
    ),
  );
  byId("operations", HTMLElement).replaceChildren(...groups);
  const blob = new Blob([JSON.stringify(document, null, 2)], { type: "application/json" });
  byId("download", HTMLAnchorElement).href = URL.createObjectURL(blob);
}

/** @param {Operation} operation @param {any} document */
function operationElement({ path, verb, summary, security, parameters = [], requestBody, responses }, document) {
  const scope = security[0]?.apiKey[0];
  const json = requestBody?.content["application/json"];
  const curl = curlOf(`${baseUrl()}${path}`, verb, scope !== undefined, json?.example);
  const named = parameters.map(({ name, in: where, description = "" }) => `${name} (${where})  ${description}`);
  const answers = Object.entries(responses)
    .filter(([status]) => status !== "default")
    .map(([status, { description }]) => `${status}  ${description}`);
  const reference = json?.schema?.$ref;
  const schema = reference === undefined ? json?.schema : document.components.schemas[reference.split("/").pop()];
  const block = (/** @type {string} */ text) => (text === "" ? "" : make("pre", {}, text));
  return make(
    "details",
    {},
    make(
      "summary",
      {},
      make("span", { className: `verb ${verb}` }, verb.toUpperCase()),
      make("code", {}, path),
      make("small", {}, summary),
    ),
    make("p", { className: "hint" }, scope === undefined ? "Answers anybody." : `Wants a key with the scope ${scope}.`),
    make(
      "div",
      { className: "value" },
      block(curl),
      copyButton(() => curl),
    ),
    block(named.join("\n")),
    block(schema === undefined ? "" : JSON.stringify(schema, null, 2)),
    block(answers.join("\n")),
  );
}

/** @param {string} url @param {string} verb @param {boolean} wantsKey @param {unknown} example of a JSON body */
function curlOf(url, verb, wantsKey, example) {
  const lines = [`curl ${verb === "get" ? "" : `--request ${verb.toUpperCase()} `}${shellWord(url)}`];
  if (wantsKey) lines.push(`--header "x-api-key: $COMFY_ENDPOINTS_API_KEY"`);
  if (example !== undefined)
    lines.push(`--header "content-type: application/json"`, `--data-raw ${shellWord(JSON.stringify(example))}`);
  return lines.join(" \\\n  ");
}
