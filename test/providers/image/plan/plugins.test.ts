import { describe, expect, it } from "vitest";
import { readPlugins } from "../../../../providers/image/plan/plugins.ts";

const ref = "main";

describe("ComfyUI among the plugins", () => {
  it.each([
    "https://github.com/comfyanonymous/ComfyUI.git",
    "https://github.com/Comfy-Org/ComfyUI",
    "https://github.com/somebody/comfyui/",
    "git@github.com:comfyanonymous/ComfyUI.git",
    "ssh://git@github.com/comfyanonymous/ComfyUI.git",
    "ComfyUI",
  ])("is %s, wherever it stands", (repo) => {
    const pack = { repo: "https://github.com/Comfy-Org/ComfyUI-Manager.git", ref };
    expect(readPlugins([pack, { repo, ref }])).toEqual({
      comfyui: { repo, ref, at: 1 },
      packs: [{ ...pack, at: 0 }],
      problems: [],
    });
  });

  it.each([
    "https://github.com/kijai/ComfyUI-KJNodes",
    "https://github.com/comfyui/nodes",
    "https://comfyui.example/pack.git",
    "https://github.com/x/my-ComfyUI.git",
  ])("is not %s, a pack", (repo) => {
    expect(readPlugins([{ repo, ref }])).toEqual({ comfyui: undefined, packs: [{ repo, ref, at: 0 }], problems: [] });
  });

  it("is there once", () => {
    const repo = "https://github.com/comfyanonymous/ComfyUI";
    expect(
      readPlugins([
        { repo, ref },
        { repo: `${repo}.git`, ref: "v1" },
      ]).problems,
    ).toEqual([
      {
        path: "build.plugins[1].repo",
        message: `is "${repo}.git", ComfyUI itself, as build.plugins[0] is; name it once`,
      },
    ]);
  });
});

describe("a plugin's address", () => {
  it.each([
    "https://user:secret@example.org/a/pack",
    "https://token@example.org/a/pack",
    "ssh://git:secret@example.org/pack",
  ])("holds no login, as %s does", (repo) => {
    const { problems } = readPlugins([{ repo, ref }]);
    expect(problems.map(({ path }) => path)).toEqual(["build.plugins[0].repo"]);
    expect(problems[0]?.message).not.toContain("secret");
  });

  it("may name a user of ssh", () => {
    expect(readPlugins([{ repo: "ssh://git@example.org/a/pack", ref }]).problems).toEqual([]);
  });
});
