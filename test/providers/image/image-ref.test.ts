import { describe, expect, it } from "vitest";
import { parseImageRef, repositoryProblem } from "../../../providers/image/image-ref.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("an image's name", () => {
  it.each([
    ["ghcr.io/owner/golden:1-v1", "ghcr.io", "owner/golden", "1-v1", undefined],
    ["nginx", "docker.io", "library/nginx", "latest", undefined],
    ["owner/golden", "docker.io", "owner/golden", "latest", undefined],
    ["docker.io/nginx:1", "docker.io", "library/nginx", "1", undefined],
    ["index.docker.io/owner/x:1", "docker.io", "owner/x", "1", undefined],
    ["registry-1.docker.io/owner/x:1", "docker.io", "owner/x", "1", undefined],
    ["localhost/x", "localhost", "x", "latest", undefined],
    ["localhost:5000/x", "localhost:5000", "x", "latest", undefined],
    ["[::1]:5000/a/b:t", "[::1]:5000", "a/b", "t", undefined],
    ["GHCR.io/a/b", "ghcr.io", "a/b", "latest", undefined],
    [`r.example/a_b/c.d/e--f@${digest}`, "r.example", "a_b/c.d/e--f", undefined, digest],
    [`r.example/a:t@${digest}`, "r.example", "a", "t", digest],
  ])("%s is read as Docker reads it", (text, registry, repository, tag, found) => {
    expect(parseImageRef(text)).toEqual({ registry, repository, tag, digest: found });
  });

  it.each([
    ["ghcr.io/Owner/x", /the name in small letters/],
    ["ghcr.io/owner/x:a b", /a tag is/],
    ["ghcr.io/owner/x:", /a tag is/],
    [`ghcr.io/owner/x:${"t".repeat(129)}`, /a tag is/],
    ["ghcr.io/owner/x@sha256:12", /a digest is/],
    [`ghcr.io/x@${digest}@${digest}`, /a digest is/],
    ["ghcr.io/../x", /small letters/],
    ["ghcr.io//x", /small letters/],
    ["https://ghcr.io/x", /begin with a registry/],
    ["user:password@ghcr.io/x", /a digest is/],
    ["", /small letters/],
  ])("%s is refused", (text, message) => {
    expect(() => parseImageRef(text)).toThrow(message);
  });
});

describe("a repository to push to", () => {
  it.each(["ghcr.io/owner/golden", "localhost:5000/golden", "owner/golden"])("may be %s", (text) => {
    expect(repositoryProblem(text)).toBeUndefined();
  });

  it.each(["ghcr.io/owner/golden:latest", "ghcr.io/owner/golden:1", `ghcr.io/owner/golden@${digest}`])(
    "has no tag or digest of its own: %s",
    (text) =>
      expect(repositoryProblem(text)).toBe(
        `is "${text}"; give it without a tag: tags are made from what is in an image`,
      ),
  );

  it("is named when it cannot be one", () => {
    expect(repositoryProblem("ghcr.io/Owner")).toBe(
      'is "ghcr.io/Owner"; give a repository such as ghcr.io/owner/name, in small letters',
    );
  });
});
