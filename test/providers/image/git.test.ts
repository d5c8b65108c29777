import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { resolveCommit } from "../../../providers/image/git.ts";
import { commitAll, git, makeRepository } from "../../support/git-repository.ts";

let folder: string;
let first: string;
let second: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "git-"));
  first = makeRepository(folder, { a: "1" });
  git(folder, "tag", "light");
  git(folder, "tag", "-m", "with a message", "annotated");
  git(folder, "branch", "feature/main");
  git(folder, "tag", "both");
  second = commitAll(folder);
  git(folder, "branch", "both");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the commit of a ref", () => {
  it("needs no network when the ref is a full commit", async () => {
    vi.stubEnv("PATH", "/nowhere");
    expect(await resolveCommit("https://example.invalid/x.git", "A125CD84B054A57729B5EECAB930CA9408719832")).toBe(
      "a125cd84b054a57729b5eecab930ca9408719832",
    );
    vi.unstubAllEnvs();
  });

  it.each([
    ["a branch, though another ends in its name", "main", "second"],
    ["a branch with a slash", "feature/main", "first"],
    ["a light tag", "light", "first"],
    ["the commit that an annotated tag is at", "annotated", "first"],
    ["a tag before the branch of that name", "both", "first"],
    ["HEAD", "HEAD", "second"],
    ["a full name", "refs/heads/both", "second"],
  ])("is that of %s", async (_, ref, which) => {
    expect(await resolveCommit(folder, ref)).toBe(which === "first" ? first : second);
  });

  it.each(["nothing", "mai", "m*n", "a125cd8", "--upload-pack=touch x", "../main"])(
    "is not guessed for %s",
    async (ref) => {
      await expect(resolveCommit(folder, ref)).rejects.toThrow(`${folder} has no branch or tag of that name`);
    },
  );

  it("is asked of no option that looks like a repository", async () => {
    const marker = join(folder, "marker");
    await expect(resolveCommit(`--upload-pack=touch ${marker};`, folder)).rejects.toThrow(
      "git cannot ask --upload-pack",
    );
    expect(existsSync(marker)).toBe(false);
  });

  it("cannot be told where there is no repository", async () => {
    await expect(resolveCommit(join(folder, "none"), "main")).rejects.toThrow(
      /^git cannot ask .*none which commit that is: fatal: .*does not appear to be a git repository/,
    );
  });
});
