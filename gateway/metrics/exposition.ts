/** Numbers as Prometheus reads them: its text format, version 0.0.4. */

export type Labels = Readonly<Record<string, string>>;

/** Samples of one name. */
export interface Family {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram" | "summary";
  samples: readonly Sample[];
}

export interface Sample {
  /** What a histogram or summary adds to the name: `_bucket`, `_sum`, `_count`. */
  suffix?: string;
  labels?: Labels;
  value: number;
}

export const expositionType = "text/plain; version=0.0.4; charset=utf-8";

export const exposition = (families: readonly Family[]): string =>
  families
    .flatMap(({ name, help, type, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ suffix = "", labels = {}, value }) => `${name}${suffix}${labelText(labels)} ${value}`),
    ])
    .map((line) => `${line}\n`)
    .join("");

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** A sum that only grows. */
export interface Counter {
  add(labels: Labels, value?: number): void;
  samples(): Sample[];
}

/** @param known labels that are shown before anything was counted */
export function createCounter(known: readonly Labels[] = []): Counter {
  const sums = new Map(known.map((labels) => [labelText(labels), { labels, value: 0 }]));
  return {
    add: (labels, value = 1) => {
      const key = labelText(labels);
      sums.set(key, { labels, value: (sums.get(key)?.value ?? 0) + value });
    },
    samples: () => [...sums.values()],
  };
}

/** How often a value was at most so large. */
export interface Histogram {
  observe(value: number): void;
  samples(): Sample[];
}

/** @param bounds from small to large */
export function createHistogram(bounds: readonly number[]): Histogram {
  const counts = bounds.map(() => 0);
  let sum = 0;
  let count = 0;
  return {
    observe: (value) => {
      for (const [at, bound] of bounds.entries()) if (value <= bound) counts[at] = (counts[at] ?? 0) + 1;
      sum += value;
      count += 1;
    },
    samples: () => [
      ...bounds.map((bound, at) => ({ suffix: "_bucket", labels: { le: String(bound) }, value: counts[at] ?? 0 })),
      { suffix: "_bucket", labels: { le: "+Inf" }, value: count },
      { suffix: "_sum", value: sum },
      { suffix: "_count", value: count },
    ],
  };
}
