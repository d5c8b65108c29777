import { errorCodes } from "../../contract/api.ts";
import { HttpProblem } from "../http.ts";

// Far beyond any real input; deeper ones would exhaust the stack of whoever writes them out again.
const deepest = 64;

/**
 * The JSON document of a request's body, whatever content type it claims.
 * @param body the bytes; anything else when there were none
 * @throws {HttpProblem} 400
 */
export function parseBody(body: unknown): unknown {
  let document: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.isBuffer(body) ? body : Buffer.alloc(0));
    document = JSON.parse(text);
  } catch (error) {
    throw invalid(`must be a JSON object: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (isDeeperThan(document, deepest)) throw invalid(`must not nest more than ${deepest} levels`);
  return document;
}

function invalid(message: string): HttpProblem {
  const detail = "invalid_json";
  const problems = [{ path: "", code: detail, message: `the body ${message}` }];
  return new HttpProblem(400, errorCodes.validation, { detail, problems });
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}
