import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BuildInputs, type ContextFile, fingerprint } from "../../../../providers/image/plan/fingerprint.ts";

const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
const file: fc.Arbitrary<ContextFile> = fc.record({
  path: fc.string({ minLength: 1, unit: "grapheme" }),
  mode: fc.constantFrom("644", "755"),
  sha256,
});
const inputs: fc.Arbitrary<BuildInputs> = fc.record({
  dockerfileSha256: sha256,
  files: fc.uniqueArray(file, { selector: ({ path }) => path, maxLength: 8 }),
  buildArgs: fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { maxKeys: 4 }),
});

/** What a fingerprint is to tell apart, in another writing. */
const meaning = ({ dockerfileSha256, files, buildArgs }: BuildInputs): Set<string> =>
  new Set([
    `Dockerfile ${dockerfileSha256}`,
    ...files.map((file) => `file ${JSON.stringify(file, ["path", "mode", "sha256"])}`),
    ...Object.entries(buildArgs).map(([name, value]) => `argument ${JSON.stringify({ name, value })}`),
  ]);

function isSame(one: BuildInputs, other: BuildInputs): boolean {
  const [these, those] = [meaning(one), meaning(other)];
  return these.size === those.size && [...these].every((text) => those.has(text));
}

describe("a fingerprint", () => {
  it("is 12 hex digits, and those of these inputs for ever", () => {
    fc.assert(fc.property(inputs, (given) => /^[0-9a-f]{12}$/.test(fingerprint(given))));
    const files: ContextFile[] = [{ path: "a/b.ts", mode: "644", sha256: "0".repeat(64) }];
    expect(fingerprint({ dockerfileSha256: "f".repeat(64), files, buildArgs: { B: "1", A: "2" } })).toBe(
      "27722870be3d",
    );
  });

  it("does not depend on the order that files and arguments come in", () => {
    const shuffled = inputs.chain((given) =>
      fc.record({
        given: fc.constant(given),
        files: fc.shuffledSubarray([...given.files], { minLength: given.files.length }),
        args: fc.shuffledSubarray(Object.entries(given.buildArgs), { minLength: Object.keys(given.buildArgs).length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ given, files, args }) => {
        expect(fingerprint({ ...given, files, buildArgs: Object.fromEntries(args) })).toBe(fingerprint(given));
      }),
    );
  });

  it("is another one for every change of a path, a mode, a content, an argument or the Dockerfile", () => {
    fc.assert(
      fc.property(inputs, file, fc.string(), sha256, (given, other, text, hash) => {
        const [first] = given.files;
        const rest = given.files.slice(1);
        const [name = "X"] = Object.keys(given.buildArgs);
        const changed: BuildInputs[] = [
          { ...given, dockerfileSha256: hash },
          { ...given, files: rest },
          { ...given, files: [...given.files.filter(({ path }) => path !== other.path), other] },
          { ...given, buildArgs: { ...given.buildArgs, [name]: text } },
          ...(first === undefined
            ? []
            : [
                { ...given, files: [{ ...first, sha256: hash }, ...rest] },
                { ...given, files: [{ ...first, mode: first.mode === "644" ? "755" : "644" } as const, ...rest] },
              ]),
        ];
        for (const one of changed) {
          expect(fingerprint(one) === fingerprint(given)).toBe(isSame(one, given));
        }
      }),
    );
  });

  it("does not run neighbouring texts together", () => {
    const none = { dockerfileSha256: "", files: [] };
    const one = fingerprint({ ...none, buildArgs: { A: "1", B: "2" } });
    const others: Record<string, string>[] = [
      ...[{ A: '1","B":"2' }, { 'A","1': "B", "2": "" }],
      ...[{ A1: "", B2: "" }, { A: "1B2" }],
    ];
    for (const buildArgs of others) {
      expect(fingerprint({ ...none, buildArgs })).not.toBe(one);
    }
    const file: ContextFile = { path: "A", mode: "644", sha256: "1" };
    expect(fingerprint({ ...none, files: [file], buildArgs: {} })).not.toBe(
      fingerprint({ ...none, buildArgs: { A: "644" } }),
    );
  });
});
