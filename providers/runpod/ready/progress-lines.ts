import type { Health } from "../../../contract/api.ts";

/** `models: flux1-schnell.safetensors 41 %, 113 MB/s, 2 min left` */
export function progressLine({ phase, detail, progress, models }: Health): string {
  const share = progress === undefined ? "" : ` ${points(progress)} %`;
  return `${phase}${detail === undefined ? "" : `: ${detail}`}${share}${pace(models ?? [])}`;
}

/** How fast all models come together, and how long that takes at this speed. */
function pace(models: NonNullable<Health["models"]>): string {
  const sum = (figure: (model: (typeof models)[number]) => number | null): number =>
    models.reduce((total, model) => total + (figure(model) ?? 0), 0);
  const perSecond = sum(({ bytes_per_second }) => bytes_per_second);
  if (perSecond === 0) return "";
  const seconds = sum(({ size, bytes }) => (size === null ? 0 : size - bytes)) / perSecond;
  const left = seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
  return `, ${Math.round(perSecond / 1e6)} MB/s, ${left} left`;
}

// 0.29 * 100 is a little less than 29.
const points = (progress: number): number => Math.floor(progress * 100 + 1e-6);

const leastPoints = 5;
const longestMs = 15_000;

/**
 * What a boot tells whoever waits for it, without a flood: a line for another phase or detail and for every 5 points of
 * progress; what changes less is told every 15 s. A gateway that fell silent is told of when it has been so for 15 s.
 * @param now milliseconds; only differences count
 */
export function createProgressLines(now: () => number) {
  let shown: { line: string; what: string; points: number; at: number } | undefined;
  let heardAt = now();

  const show = (line: string, what: string, progress = 0): string => {
    shown = { line, what, points: points(progress), at: now() };
    return line;
  };

  return {
    /** The line to print after a look at `/healthz`, if any; undefined stands for no answer. */
    next(health: Health | undefined): string | undefined {
      if (health === undefined) {
        if (shown === undefined) return show("waiting for the gateway to answer", "silent");
        if (shown.what === "silent" || now() - heardAt < longestMs) return undefined;
        return show("the gateway does not answer any more", "silent");
      }
      heardAt = now();
      const line = progressLine(health);
      const what = JSON.stringify([health.phase, health.detail]);
      const { progress = 0 } = health;
      if (shown === undefined || shown.what !== what) return show(line, what, progress);
      if (shown.line === line) return undefined;
      const isDue = Math.abs(points(progress) - shown.points) >= leastPoints || now() - shown.at >= longestMs;
      return isDue ? show(line, what, progress) : undefined;
    },
  };
}
