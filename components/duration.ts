import { UserError } from "../contract/errors.ts";

const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Reads `90m`, `8h`, `1d12h`.
 * @returns seconds
 * @throws {UserError} when it is something else, or nothing
 */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+)([smhd])/g)];
  const seconds = parts.reduce((sum, [, count = "", unit = ""]) => sum + Number(count) * (secondsOf[unit] ?? 0), 0);
  if (seconds > 0 && parts.map(([part]) => part).join("") === text.trim()) return seconds;
  throw new UserError("give a duration such as 90m, 8h or 1d12h");
}
