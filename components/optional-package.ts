import { UserError } from "../contract/errors.ts";

/**
 * A package that not every program needs, and that its author installs.
 * @param purpose begins the error: `the image is built by the package`
 * @throws {UserError} when it is not installed
 */
export async function optionalPackage<T>(name: string, purpose: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND")) throw cause;
    throw new UserError(`${purpose} ${name}, which this program has not; run npm install ${name}`, [], { cause });
  }
}
