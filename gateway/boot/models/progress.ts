import type { ModelProgress } from "../../../contract/api.ts";

/** How fast bytes come, over the last seconds. */
export interface Speed {
  /** Takes how many there are now. */
  at(bytes: number): void;
  /** Bytes per second; null until that can be told. */
  perSecond(): number | null;
}

const windowMs = 10_000;

/** @param now milliseconds; only differences count */
export function createSpeed(now: () => number = () => performance.now()): Speed {
  let samples: { at: number; bytes: number }[] = [];
  return {
    at: (bytes) => {
      const time = now();
      const last = samples.at(-1);
      // Bytes that an earlier try had left came at no speed; one that begins anew starts from zero.
      if (last === undefined || bytes < last.bytes) samples = [{ at: time, bytes }];
      else if (time - last.at >= 200) samples.push({ at: time, bytes });
      while (samples.length > 2 && time - (samples[0]?.at ?? 0) > windowMs) samples.shift();
    },
    perSecond: () => {
      const [first] = samples;
      const last = samples.at(-1);
      if (first === undefined || last === undefined || last.at === first.at) return null;
      return Math.round(((last.bytes - first.bytes) / (last.at - first.at)) * 1000);
    },
  };
}

/** How far each model is, and all of them. */
export interface ModelsProgress {
  /** Says something new of a model. */
  set(target: string, news: Partial<Pick<ModelProgress, "state" | "bytes" | "size">>): void;
  view(): ModelProgress[];
}

interface KnownModel extends Pick<ModelProgress, "state" | "bytes" | "size"> {
  speed: Speed;
}

const newModel = (now?: () => number): KnownModel => ({
  ...{ state: "waiting", bytes: 0, size: null },
  speed: createSpeed(now),
});

export function createModelsProgress(targets: readonly string[], now?: () => number): ModelsProgress {
  const models = new Map(targets.map((target) => [target, newModel(now)]));
  return {
    set: (target, news) => {
      const model = models.get(target);
      if (model === undefined) return;
      Object.assign(model, news);
      if (news.bytes !== undefined) model.speed.at(news.bytes);
    },
    view: () =>
      [...models].map(([name, { state, bytes, size, speed }]) => {
        const moves = state === "downloading" || state === "elsewhere";
        const perSecond = moves ? speed.perSecond() : null;
        const left = size === null ? null : size - bytes;
        const eta = perSecond !== null && perSecond > 0 && left !== null ? Math.ceil(left / perSecond) : null;
        return { name, state, bytes, size, bytes_per_second: perSecond, eta_seconds: eta };
      }),
  };
}

/** What `/healthz` says of them all. The text names what is being done; figures that change all the time are beside it. */
export function summary(models: readonly ModelProgress[]): { detail?: string; progress?: number } {
  const open = models.filter(({ state }) => state !== "ready");
  const busy = open.filter(({ state }) => state !== "waiting");
  if (open.length === 0) return {};
  const names = (busy.length > 0 ? busy : open).map(({ name }) => name.split("/").at(-1)).join(", ");
  const size = models.reduce((sum, each) => sum + (each.size ?? 0), 0);
  const bytes = models.reduce((sum, each) => sum + each.bytes, 0);
  return { detail: names, ...(size > 0 && { progress: Math.min(1, bytes / size) }) };
}
