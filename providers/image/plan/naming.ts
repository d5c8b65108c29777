import type { App } from "../../../contract/app.ts";
import type { Problem } from "../../../contract/errors.ts";
import { isTag, repositoryProblem } from "../image-ref.ts";
import type { ImageKind } from "./image-files.ts";

type Named = Pick<App, "version" | "build">;

/** Where an app's images are kept. */
export function repositoriesOf({
  image_repository: golden,
  base_image_repository: base,
}: App["build"]): Record<ImageKind, string> {
  return {
    golden: golden ?? "ghcr.io/comfy-endpoints/golden",
    base: base ?? (golden === undefined ? "ghcr.io/comfy-endpoints/comfybase" : `${golden}-base`),
  };
}

/** Fields that no image can be named with. */
export function namingProblems({ version, build }: Named): Problem[] {
  const labels = { version, "build.comfy_version": build.comfy_version };
  const { image_repository, base_image_repository } = build;
  const repositories = {
    "build.image_repository": image_repository,
    "build.base_image_repository": base_image_repository,
  };
  const unfit = Object.entries(labels).flatMap(([path, label]): Problem[] =>
    // Both are parts of one tag, which takes 128 characters.
    isTag(label) && label.length <= 50
      ? []
      : [{ path, message: `is "${label}"; it becomes part of a tag: give at most 50 letters, digits, _ . and -` }],
  );
  const unnamed = Object.entries(repositories).flatMap(([path, repository]): Problem[] => {
    const message = repository === undefined ? undefined : repositoryProblem(repository);
    return message === undefined ? [] : [{ path, message }];
  });
  return [...unfit, ...unnamed];
}
