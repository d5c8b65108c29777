/** The engine that is downloaded or built, and the oldest that is accepted. Same as @pulumi/pulumi in package.json. */
export const engineVersion = "3.258.0";

/** The oldest Go that builds it: what its modules ask for. */
export const oldestGo = "1.25.11";

/**
 * @param {string} text such as "v3.258.0" or "go1.26.8"
 * @returns {string | undefined} the version in it: "3.258.0", "3.259.0-alpha.1"
 */
export function versionIn(text) {
  return /\d+\.\d+(?:\.\d+)?(?:-[\w.]+)?/.exec(text)?.[0];
}

/**
 * @param {string} version as `versionIn` gives it
 * @param {string} oldest without a pre-release part
 * @returns {boolean} whether version is `oldest` or newer, of the same major version
 */
export function isRecent(version, oldest) {
  const [numbers = "", preRelease] = version.split(/-(.*)/);
  const [major = 0, minor = 0, patch = 0] = numbers.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0, wantedPatch = 0] = oldest.split(".").map(Number);
  if (major !== wantedMajor) return false;
  if (minor !== wantedMinor) return minor > wantedMinor;
  return patch > wantedPatch || (patch === wantedPatch && preRelease === undefined);
}
