/** Who builds an image that no registry has yet. */
import { UserError } from "../../contract/errors.ts";

export const backendWishes = ["auto", "local", "github_actions", "prebuilt"] as const;

/** What the user asks for. `prebuilt` never builds. */
export type BackendWish = (typeof backendWishes)[number];

export type Backend = "none" | "local" | "github_actions";

export interface BuildFacts {
  /** Images that would have to be built: those that no registry has. */
  missing: readonly string[];
  /** Why Docker cannot build here, as a clause; undefined when it can. */
  dockerTrouble: string | undefined;
  /** Why GitHub Actions cannot, as a clause; undefined when it can. */
  githubTrouble: string | undefined;
}

export const backendVariable = "COMFY_ENDPOINTS_IMAGE_BUILD_BACKEND";

/** @throws {UserError} naming the variable and the values it takes */
export function parseBackend(text: string | undefined): BackendWish {
  const wish = backendWishes.find((known) => known === (text ?? "auto"));
  if (wish !== undefined) return wish;
  throw new UserError(`${backendVariable} is "${text ?? ""}"; give ${backendWishes.join(", ")}`);
}

/**
 * What exists is never built.
 * @throws {UserError} when the images are missing and cannot be built as wished, with what may be done about it
 */
export function chooseBackend(wish: BackendWish, { missing, dockerTrouble, githubTrouble }: BuildFacts): Backend {
  if (missing.length === 0) return "none";
  const absent = `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not in the registry`;
  const existing = 'name an image that exists in "build.image_ref"';
  switch (wish) {
    case "prebuilt":
      throw new UserError(
        `${absent}, and prebuilt images are never built; push it, or ${existing}; without that field, and with ${backendVariable} set to auto, images are built`,
      );
    case "local":
      if (dockerTrouble === undefined) return "local";
      throw new UserError(
        `${absent}, and ${backendVariable} is "local", but ${dockerTrouble}; start Docker, or set ${backendVariable} to auto`,
      );
    case "github_actions":
      if (githubTrouble === undefined) return "github_actions";
      throw new UserError(
        `${absent}, and ${backendVariable} is "github_actions", but ${githubTrouble}; set what is missing, or set ${backendVariable} to auto`,
      );
    case "auto":
      if (dockerTrouble === undefined) return "local";
      if (githubTrouble === undefined) return "github_actions";
      throw new UserError(
        `${absent}, and nothing here can build: ${dockerTrouble}, and ${githubTrouble}. There are three ways out: start Docker; let GitHub Actions build, with GITHUB_TOKEN and GITHUB_REPOSITORY; or ${existing}`,
      );
  }
}

/** An image, and what the registry has under that name; undefined when nothing. */
interface Looked {
  imageRef: string;
  digest: string | undefined;
}

/**
 * Which images have to be built.
 * @param images each is needed for nothing but the one after it
 */
export const missingImages = (images: readonly Looked[]): string[] =>
  images.slice(images.findLastIndex(({ digest }) => digest !== undefined) + 1).map(({ imageRef }) => imageRef);

/** @returns why GitHub Actions cannot be asked, as a clause; undefined when it can */
export function githubTroubleOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const unset = ["GITHUB_TOKEN", "GITHUB_REPOSITORY"].filter((name) => (env[name] ?? "") === "");
  if (unset.length > 0) return `${unset.join(" and ")} ${unset.length === 1 ? "is" : "are"} not set`;
  const repository = env["GITHUB_REPOSITORY"] ?? "";
  return /^[\w.-]+\/[\w.-]+$/.test(repository) ? undefined : `GITHUB_REPOSITORY is "${repository}", not owner/name`;
}
