/** What of npm is in an image: the gateway's packages, in the versions that this repository is tested with. */

/** An entry of package-lock.json. */
interface LockedPackage {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  [field: string]: unknown;
}

export interface Lock {
  name: string;
  version: string;
  lockfileVersion: number;
  requires: boolean;
  /** By path, such as `node_modules/a/node_modules/b`; the package itself under the empty path. */
  packages: Record<string, LockedPackage>;
}

export interface Manifest {
  name: string;
  version: string;
  type: string;
  dependencies: Record<string, string>;
}

/** Pulumi, GitHub's client and the command line stay on the developer's machine. */
const isForGateway = (name: string): boolean => !/^(@pulumi\/|@octokit\/|commander$)/.test(name);

/** package.json of the gateway in an image. */
export function gatewayManifest({ name, version, type, dependencies }: Manifest): Manifest & { private: true } {
  const needed = Object.entries(dependencies).filter(([dependency]) => isForGateway(dependency));
  return { name, version, private: true, type, dependencies: Object.fromEntries(needed) };
}

/** package-lock.json to it: of the whole lock, what can be reached from there. */
export function gatewayLock(manifest: Manifest, lock: Lock): Lock {
  const { name, version, dependencies } = manifest;
  const kept = new Set<string>();
  const waiting = Object.keys(dependencies).map((dependency) => ({ from: "", dependency }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const path = found(next.from, next.dependency, lock);
    if (path === undefined || kept.has(path)) continue;
    kept.add(path);
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = lock.packages[path] ?? {};
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      waiting.push({ from: path, dependency });
    }
  }
  const packages = Object.entries(lock.packages).filter(([path]) => kept.has(path));
  return { ...lock, name, version, packages: { "": { name, version, dependencies }, ...Object.fromEntries(packages) } };
}

/** As Node looks for it: in the package's own folder, then in that around it, and so on. An optional one may be nowhere. */
function found(from: string, dependency: string, { packages }: Lock): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${dependency}`;
    if (packages[path] !== undefined) return path;
    if (folder === "") return undefined;
  }
}
