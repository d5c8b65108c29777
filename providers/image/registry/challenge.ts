/** How a registry wants to be told who asks: one challenge of `WWW-Authenticate`. */
export interface Challenge {
  scheme: "bearer" | "basic";
  /** Such as `realm` and `service`. */
  parameters: Readonly<Record<string, string>>;
}

/**
 * Reads `WWW-Authenticate`, which may hold several challenges.
 * @returns the one to answer: a token where tokens are given; undefined when there is none that can be answered
 */
export function parseChallenge(header: string | null): Challenge | undefined {
  const challenges = [
    ...(header ?? "").matchAll(
      /(?:^|,)\s*(bearer|basic)(?=\s|,|$)((?:"(?:[^"\\]|\\.)*"|[^"])*?)(?=,\s*(?:bearer|basic)\b|$)/gi,
    ),
  ];
  const parsed = challenges.map(([, scheme = "", rest = ""]): Challenge => {
    const pairs = rest.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g);
    const parameters = Object.fromEntries(
      [...pairs].map(([, name = "", quoted, bare]) => [
        name.toLowerCase(),
        quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "",
      ]),
    );
    return { scheme: scheme.toLowerCase() === "bearer" ? "bearer" : "basic", parameters };
  });
  return parsed.find(({ scheme }) => scheme === "bearer") ?? parsed[0];
}
