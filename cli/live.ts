import type { Output } from "./output.ts";

const tickMs = 250;

/**
 * Shows what is going on, and for how long, in the line that changes: only where a person watches.
 * @returns ends it, and takes the line away
 */
export function showClock(output: Output, text: () => string): { draw: () => void; end: () => void } {
  if (!output.live) return { draw: () => undefined, end: () => undefined };
  const since = performance.now();
  const draw = (): void => output.status(`${formatDuration(performance.now() - since)}  ${text()}`);
  const timer = setInterval(draw, tickMs);
  return {
    draw,
    end: () => {
      clearInterval(timer);
      output.status(undefined);
    },
  };
}

/** A time as a clock shows it: `0:07`, `12:30`, `1:02:03`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
