import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stackConfigKeys as knownKeys } from "../../../contract/stack-config.ts";
import { configurationPage, fieldsOf } from "../../../scripts/docs/configuration-page.ts";
import { environmentVariables } from "../../../scripts/docs/environment-variables.ts";
import { appJsonSchema, contractJsonSchema } from "../../../scripts/docs/json-schemas.ts";
import { stackConfigKeys } from "../../../scripts/docs/stack-config.ts";

const root = join(import.meta.dirname, "../../..");
const documented = environmentVariables.flatMap(({ variables }) =>
  Object.keys(variables).map((name) => name.replace(/<APP>$/, "")),
);

/** What a pod has from RunPod beside its id, and names that are no variables. */
const others =
  /^(RUNPOD_(VOLUME_ID|PUBLIC_IP|POD_HOSTNAME|MEM_GB|GPU_COUNT|DC_ID|CPU_COUNT|TCP_PORT_)|COMFY_ENDPOINTS_RUNPOD_API_KEY)$/;

/** Every variable of ours, RunPod's, GitHub's and the hubs' that the product's code names, and where. */
function namesInCode(): Map<string, string> {
  const folders = "{cli,components,contract,docker,gateway,local,providers,scripts}";
  const files = globSync([`${folders}/**/*.{ts,js,sh,py,yml}`, `${folders}/Dockerfile*`, "cend"], {
    cwd: root,
    exclude: ["scripts/docs/**"],
  });
  const names = new Map<string, string>();
  for (const file of files) {
    const text = readFileSync(join(root, file), "utf8");
    const found = text.matchAll(
      /\b(?:COMFY|COMFYUI|RUNPOD|HF|HUGGINGFACE|HUGGING_FACE|CIVITAI|GITHUB|GHCR|DOCKER)_[A-Z_]+/g,
    );
    for (const [name] of found) if (!others.test(name)) names.set(name, file);
  }
  return names;
}

describe("the page about configuration", () => {
  it("is in docs/ as the code has it", async () => {
    await expect(configurationPage()).toMatchFileSnapshot(join(root, "docs/configuration.md"));
  });

  it("says what every field means", () => {
    const fields = [...fieldsOf(appJsonSchema(), ""), ...fieldsOf(contractJsonSchema(), "")];
    expect(fields.length).toBeGreaterThan(50);
    expect(fields.filter(({ description }) => description === "").map(({ path }) => path)).toEqual([]);
  });

  it("says what every key of the stack's config means", () => {
    expect(
      stackConfigKeys()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(knownKeys).sort());
    expect(stackConfigKeys().filter(({ type, description }) => type === "" || description === "")).toEqual([]);
  });

  it("has every variable that the code names", () => {
    const undocumented = [...namesInCode()].filter(([name]) => !documented.includes(name));
    expect(undocumented).toEqual([]);
  });

  it("has no variable that the code does not name", () => {
    const names = namesInCode();
    expect(documented.filter((name) => !names.has(name))).toEqual([]);
  });
});
