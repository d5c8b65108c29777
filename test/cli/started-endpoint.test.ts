import { expect, it } from "vitest";
import { startedEndpoint } from "../../cli/stacks/outputs.ts";

const pod = {
  ...{ podId: "pod1", endpointUrl: "https://pod1", image: "golden:1", costPerHour: 0.44 },
  ...{ gpuType: "L4", dataCenter: null, env: { plaintext: '{"COMFY_ENDPOINTS_API_KEY":"key-1"}' } },
};
const state = (outputs: object | undefined) => ({
  deployment: {
    resources: [{ type: "pulumi:pulumi:Stack" }, { type: "pulumi-nodejs:dynamic/comfy-endpoints:RunPodPod", outputs }],
  },
});

it("finds the endpoint of a pod in the state of a deployment that did not finish", () => {
  expect(startedEndpoint(state(pod))).toEqual({
    ...{ podId: "pod1", endpointUrl: "https://pod1", imageRef: "golden:1", costPerHour: 0.44 },
    ...{ gpuType: "L4", dataCenter: "unknown", apiKey: "key-1" },
  });
});

it("knows no key of a pod whose environment is not shown", () => {
  expect(startedEndpoint(state({ ...pod, env: { ciphertext: "v1:…" } }))?.apiKey).toBeUndefined();
});

it.each([
  ["nothing was deployed", { deployment: {} }],
  ["the pod's creation is not over", state(undefined)],
  ["nobody knows whether there is a pod", state({ ...pod, podId: null, endpointUrl: null })],
])("finds none where %s", (_, document) => {
  expect(startedEndpoint(document)).toBeUndefined();
});
