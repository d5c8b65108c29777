/** `npm run build [-- <folder>]`: makes the package that other people's programs install, in `dist/` unless told otherwise. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

interface Manifest {
  dependencies: Record<string, string>;
  exports: Record<string, string>;
  [field: string]: unknown;
}

const root = join(import.meta.dirname, "..");

process.exitCode = build(resolve(process.argv[2] ?? join(root, "dist")));

function build(folder: string): number {
  rmSync(folder, { recursive: true, force: true });
  const compiler = [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "tsconfig.build.json")];
  const { status } = spawnSync(process.execPath, [...compiler, "--outDir", folder], { stdio: "inherit" });
  if (status !== 0) return 1;
  nameDeclarations(folder);
  for (const path of [
    "docker",
    ".dockerignore",
    ".github/workflows/build_golden_image.yml",
    "README.md",
    "LICENSE",
    "gateway/playground/page",
  ]) {
    const from = join(root, path);
    if (existsSync(from)) cpSync(from, join(folder, path), { recursive: true, filter: isSource });
  }
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(published(manifest), null, 2)}\n`);
  return 0;
}

/** tsc rewrites the `.ts` of imports in JavaScript, but not in declarations. */
function nameDeclarations(folder: string): void {
  for (const name of globSync("**/*.d.ts", { cwd: folder })) {
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/(from |import\()"(\.[^"]+)\.ts"/g, '$1"$2.js"'));
  }
}

/** Python leaves its caches beside the nodes. */
function isSource(path: string): boolean {
  return !path.endsWith("__pycache__");
}

function published({ name, version, description, type, engines, exports, dependencies }: Manifest): object {
  // The command line, which keeps its state beside the repository, stays behind, and commander with it.
  const needed = Object.entries(dependencies).filter(([dependency]) => dependency !== "commander");
  const isPulumi = ([dependency]: [string, string]) => dependency.startsWith("@pulumi/");
  const peers = needed.filter(isPulumi).map(([dependency, pinned]) => [dependency, `^${pinned}`] as const);
  // The others are imported only where images are built with them; Pulumi downloads a plugin for each that is installed.
  const optional = peers.flatMap(([dependency]) => (dependency === "@pulumi/pulumi" ? [] : [dependency]));
  const { types, default: main } = compiled(exports["."] ?? "");
  return {
    name,
    version,
    description,
    type,
    engines,
    // For TypeScript's older ways of finding modules, which do not read `exports`.
    main,
    types,
    exports: Object.fromEntries(Object.entries(exports).map(([subpath, file]) => [subpath, compiled(file)])),
    // A program has one Pulumi SDK: its own.
    peerDependencies: Object.fromEntries(peers),
    peerDependenciesMeta: Object.fromEntries(optional.map((dependency) => [dependency, { optional: true }])),
    dependencies: Object.fromEntries(needed.filter((dependency) => !isPulumi(dependency))),
  };
}

/** @param file a TypeScript file, as in `exports` */
function compiled(file: string): { types: string; default: string } {
  const stem = file.replace(/\.ts$/, "");
  return { types: `${stem}.d.ts`, default: `${stem}.js` };
}
