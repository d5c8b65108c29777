import { describe, expect, it } from "vitest";
import { parseImageRef } from "../../../../providers/image/image-ref.ts";
import { manifestAddress } from "../../../../providers/image/registry/address.ts";
import { parseChallenge } from "../../../../providers/image/registry/challenge.ts";

const bearer = { realm: "https://auth.example/token", service: "r.example", scope: "repository:a/b:pull,push" };

describe("a challenge", () => {
  it.each([
    ['Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push"'],
    ['bearer realm="https://auth.example/token", service="r.example" , scope="repository:a/b:pull,push"'],
    [
      'Basic realm="a, Bearer b", Bearer realm="https://auth.example/token",service=r.example,scope="repository:a/b:pull,push"',
    ],
    ['Bearer Realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push", Basic realm="x"'],
  ])("is read: %s", (header) => {
    expect(parseChallenge(header)).toEqual({ scheme: "bearer", parameters: bearer });
  });

  it.each([
    ['Basic realm="a \\"b\\""', { realm: 'a "b"' }],
    ["Basic", {}],
  ])("may be basic: %s", (header, parameters) => {
    expect(parseChallenge(header)).toEqual({ scheme: "basic", parameters });
  });

  it.each([null, "", "Negotiate", 'Digest realm="Bearer x"', "Bearerish x=1"])("is none: %s", (header) => {
    expect(parseChallenge(header)).toBeUndefined();
  });
});

describe("the address of a manifest", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  it.each([
    ["ghcr.io/a/b:1", "https://ghcr.io/v2/a/b/manifests/1"],
    ["nginx", "https://registry-1.docker.io/v2/library/nginx/manifests/latest"],
    ["index.docker.io/a/b:1", "https://registry-1.docker.io/v2/a/b/manifests/1"],
    ["localhost:5000/b:1", "http://localhost:5000/v2/b/manifests/1"],
    ["127.0.0.1/b:1", "http://127.0.0.1/v2/b/manifests/1"],
    ["[::1]:5000/b:1", "http://[::1]:5000/v2/b/manifests/1"],
    ["127.0.0.1.example.org/b:1", "https://127.0.0.1.example.org/v2/b/manifests/1"],
    ["10.0.0.1:5000/b:1", "https://10.0.0.1:5000/v2/b/manifests/1"],
    [`r.example/b:1@${digest}`, `https://r.example/v2/b/manifests/${digest}`],
  ])("of %s is %s", (imageRef, address) => {
    expect(manifestAddress(parseImageRef(imageRef)).href).toBe(address);
  });
});
