/** Who may import whom: the architecture, checked. An arrow that is not listed here does not exist. */
const rooms = ["components", "providers", "gateway", "cli", "local", "examples", "scripts", "test"];

/** @param {string} room @param {string[]} allowed path patterns, besides the room itself and packages */
const only = (room, allowed) => ({
  name: `${room.replaceAll("/", "-")}-imports`,
  comment: `${room}/ may import only itself${allowed.length > 0 ? `, ${allowed.join(", ")}` : ""} and packages`,
  severity: "error",
  from: { path: `^${room}/` },
  to: { pathNot: [`^${room}/`, "node_modules", ...allowed.map((path) => `^${path}`)], dependencyTypesNot: ["core"] },
});

const pulumiRooms = [
  "^index\\.ts$",
  "^components/",
  "^providers/[^/]+\\.ts$",
  "^cli/stacks",
  "^examples/",
  "^scripts/",
  "^bench/",
  "^test/",
];

module.exports = {
  forbidden: [
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "not-resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    only("contract", []),
    {
      name: "contract-is-pure",
      comment: "contract/ imports zod and itself: no I/O, no Pulumi, no Express",
      severity: "error",
      from: { path: "^contract/" },
      to: { pathNot: ["^contract/", "node_modules/zod/", "^(node:)?(zlib|path)$"] },
    },
    only("components", [
      "contract/",
      "providers/[^/]+\\.ts$",
      "providers/runpod/(env-files|placement/deploy-profiles)\\.ts$",
      "providers/image/",
      "providers/image/github/settings\\.ts$",
    ]),
    only("providers", ["contract/"]),
    {
      name: "provider-logic-knows-no-pulumi",
      severity: "error",
      from: { path: "^providers/(runpod|image)/" },
      to: { path: ["^providers/[^/]+\\.ts$"] },
    },
    only("gateway", ["contract/", "providers/runpod/"]),
    only("cli", ["contract/", "providers/(runpod|image)/", "scripts/engine/index\\.js$"]),
    only("local", ["contract/"]),
    only("examples", ["components/comfy-endpoint\\.ts$"]),
    {
      name: "index-imports",
      severity: "error",
      from: { path: "^index\\.ts$" },
      to: { pathNot: ["^components/", "^contract/", "node_modules"] },
    },
    {
      name: "pulumi-only-where-decided",
      severity: "error",
      from: { pathNot: pulumiRooms },
      to: { path: "node_modules/@pulumi/" },
    },
    {
      name: "nobody-imports-tests",
      severity: "error",
      from: { path: `^(index\\.ts|${rooms.filter((room) => room !== "test").join("|")})` },
      to: { path: "^test/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|demo-output)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types"] },
  },
};
