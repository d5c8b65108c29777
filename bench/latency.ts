/** `npm run bench -- latency`: from "request sent" to "output bytes in hand", beside a bare client of ComfyUI's. */
import { PNG } from "pngjs";
import { median, milliseconds, percentile, print, stopwatch } from "./measure.ts";
import { createClient } from "./support/client.ts";
import { createBench, key, ready } from "./support/programs.ts";
import { gatewayWays, type Inputs, type Way } from "./support/ways.ts";
import { websocketWay } from "./support/websocket-way.ts";

// Beyond it nobody works any more: something was missed, and is waited for.
const stalledMs = 400;
let color = 0;

interface Kind {
  name: string;
  rounds: number;
  /** What a job takes by itself, in milliseconds; the same for all of a round. */
  ownMs: (round: number) => number;
  /** Most that our ways may take of the bare one's time, and most that they may add. */
  limits: { ratio: number; addedMs?: number };
}

const kinds: Kind[] = [
  // With it ComfyUI's own part, of which no caller waits less, takes the 3 ms of a real one.
  { name: "trivial job", rounds: 200, ownMs: () => 2, limits: { ratio: 1.3, addedMs: 2 } },
  {
    name: "job of 0.3-0.9 s, beyond its own time",
    rounds: 30,
    ownMs: (round) => 300 + ((round * 37) % 61) * 10,
    limits: { ratio: 1.2 },
  },
];

const bench = createBench();
try {
  const comfyUrl = await bench.startComfyUi();
  const url = await ready(bench.startGateway("state", comfyUrl));
  const raw = await websocketWay(comfyUrl);
  const ways = { ...gatewayWays(createClient(url, { "x-api-key": key })), "bare websocket client": raw.run };
  for (const kind of kinds) await measure(kind, ways);
  raw.close();
} finally {
  await bench.close();
}

async function measure({ name, rounds, ownMs, limits }: Kind, ways: Record<string, Way>): Promise<void> {
  const names = Object.keys(ways);
  const times = new Map(names.map((way) => [way, [] as number[]]));
  let wrong = 0;
  const warmUp = 20;
  for (let round = -warmUp; round < rounds; round++) {
    const own = round < 0 ? 1 : ownMs(round);
    // Each is the first of a round as often as the others: what one leaves behind is not always the same one's burden.
    for (let at = 0; at < names.length; at++) {
      const way = names[(at + round + warmUp) % names.length] ?? "";
      const inputs = { color: ++color, seconds: own / 1000, steps: own < 100 ? 1 : 4 };
      const time = stopwatch();
      const bytes = await ways[way]?.(inputs);
      const took = time();
      if (!isPicture(bytes, inputs)) wrong++;
      if (round >= 0) times.get(way)?.push(took - (own < 100 ? 0 : own));
    }
  }
  const bare = times.get("bare websocket client") ?? [];
  const floor = median(bare);
  print([
    [
      `${name}, bare websocket client`,
      milliseconds(floor),
      `median of ${rounds}; 90 % within ${milliseconds(percentile(bare, 0.9))}`,
    ],
    ...names.slice(0, -1).flatMap((way): [string, string, string][] => {
      const taken = times.get(way) ?? [];
      const typical = median(taken);
      const stalled = taken.filter((took) => took > floor + stalledMs).length;
      return [
        [`  ${way}`, milliseconds(typical), `90 % within ${milliseconds(percentile(taken, 0.9))}; ${stalled} stalled`],
        [
          "    added",
          milliseconds(typical - floor),
          limits.addedMs === undefined ? "" : `at most ${milliseconds(limits.addedMs)}`,
        ],
        ["    ratio", (typical / floor).toFixed(2), `at most ${limits.ratio.toFixed(2)}`],
      ];
    }),
    ["  wrong pictures", String(wrong), "none"],
  ]);
}

function isPicture(bytes: Buffer | undefined, { color }: Inputs): boolean {
  if (bytes === undefined) return false;
  const { width, height, data } = PNG.sync.read(bytes);
  return width === 64 && height === 64 && data.readUIntBE(0, 3) === color;
}
