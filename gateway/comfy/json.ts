/**
 * Reads JSON as Python writes it: ComfyUI lets NaN and Infinity through, which JSON does not have; they become null.
 * @throws {SyntaxError} for text that is no JSON even so
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const repaired = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (token) =>
      token.startsWith('"') ? token : "null",
    );
    return JSON.parse(repaired) as unknown;
  }
}
