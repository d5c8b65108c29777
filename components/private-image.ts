import { UserError } from "../contract/errors.ts";
import { parseImageRef } from "../providers/image/image-ref.ts";
import { loginRemedy } from "../providers/image/registry/login.ts";
import type { Registry } from "../providers/image/registry/registry.ts";

/**
 * What is wrong with pods that are given no login: they cannot pull an image that Docker, with its own, may have pushed.
 * @param imageRef of an image that is there
 * @returns undefined when everybody may pull it, or the registry does not tell
 */
export async function pullProblem(
  imageRef: string,
  { isPrivate }: Pick<Registry, "isPrivate">,
): Promise<string | undefined> {
  try {
    if (!(await isPrivate(imageRef))) return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return undefined;
  }
  const { registry } = parseImageRef(imageRef);
  return `${imageRef} is private, and the pod is given no login to pull it with, for Docker's own stays on this machine; ${loginRemedy(registry)}`;
}
