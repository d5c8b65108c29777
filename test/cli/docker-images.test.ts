import { describe, expect, it } from "vitest";
import { withoutDockerImages } from "../../cli/stacks/docker-images.ts";

const urn = (type: string, name: string): string => `urn:pulumi:demo::comfy-endpoints::${type}::${name}`;
const dockerProvider = urn("pulumi:providers:docker", "default_5_2_0");
const image = urn("comfy-endpoints:index:ComfyEndpoint$docker:index/image:Image", "endpoint");
const base = urn(
  "comfy-endpoints:index:ComfyEndpoint$pulumi-nodejs:dynamic/comfy-endpoints:GoldenImage",
  "endpoint-base",
);
const pod = urn("comfy-endpoints:index:ComfyEndpoint$pulumi-nodejs:dynamic/comfy-endpoints:RunPodPod", "endpoint-pod");

const provider = { urn: dockerProvider, type: "pulumi:providers:docker", id: "p1", custom: true };
const builtImage = {
  ...{ urn: image, type: "docker:index/image:Image", id: "ghcr.io/me/golden:1", custom: true },
  ...{ provider: `${dockerProvider}::p1`, dependencies: [base] },
};
const baseImage = { urn: base, type: "pulumi-nodejs:dynamic/comfy-endpoints:GoldenImage", id: "b1", custom: true };
const dependentPod = {
  ...{ urn: pod, type: "pulumi-nodejs:dynamic/comfy-endpoints:RunPodPod", id: "pod1", custom: true },
  dependencies: [base, image],
  propertyDependencies: { image: [image], name: [base], ports: [] },
  inputs: { image: "ghcr.io/me/golden@sha256:0", env: { ciphertext: "v1:…" } },
};
const exported = (resources: object[], more = {}) => ({
  version: 3,
  deployment: { manifest: { version: "v3" }, secrets_providers: { type: "passphrase" }, resources, ...more },
});

describe("a state", () => {
  it("loses the image that Docker built, its provider and what depended on them, and nothing else", () => {
    const rest = withoutDockerImages(exported([provider, baseImage, builtImage, dependentPod]));
    expect(rest?.imageNames).toEqual(["ghcr.io/me/golden:1"]);
    const pod = { ...dependentPod, dependencies: [base], propertyDependencies: { image: [], name: [base], ports: [] } };
    expect(rest?.state).toEqual(exported([baseImage, pod], { pending_operations: [] }));
  });

  it("keeps a provider that something else needs", () => {
    const container = {
      ...builtImage,
      urn: urn("docker:index/container:Container", "c"),
      type: "docker:index/container:Container",
    };
    const rest = withoutDockerImages(exported([provider, builtImage, { ...container, dependencies: [] }]));
    expect(rest?.state).toMatchObject({ deployment: { resources: [{ urn: dockerProvider }, { urn: container.urn }] } });
  });

  it("loses an image whose build was broken off, too", () => {
    const operations = [
      { type: "creating", resource: builtImage },
      { type: "creating", resource: dependentPod },
    ];
    const rest = withoutDockerImages(exported([provider], { pending_operations: operations }));
    expect(rest?.state).toEqual(exported([], { pending_operations: [operations[1]] }));
  });

  it("without such an image is left alone", () => {
    expect(withoutDockerImages(exported([baseImage, { ...dependentPod, dependencies: null }]))).toBeUndefined();
    expect(withoutDockerImages({ version: 3, deployment: { manifest: {} } })).toBeUndefined();
  });
});
