import { describe, expect, it } from "vitest";
import type { Health } from "../../../../contract/api.ts";
import { createBootProgress, type Verdict } from "../../../../providers/runpod/ready/boot-progress.ts";
import { createProgressLines } from "../../../../providers/runpod/ready/progress-lines.ts";

type Look = Health | undefined;

const at = (phase: Health["phase"], detail?: string, progress?: number): Health => ({
  status: "starting",
  phase,
  ...(detail !== undefined && { detail }),
  ...(progress !== undefined && { progress }),
});
const ok: Health = { status: "ok", phase: "ready" };
const failed: Health = { status: "failed", phase: "preflight", detail: "it lacks a node" };
const again = at("comfyui", "ComfyUI is started again: it ended with code 1");

/** A look every `stepS` seconds, the last one repeated until there is a verdict; answers it and when it was given. */
function judged(looks: Look[], { stepS = 100, restarted = false, timeoutS = 900 } = {}): [Verdict, number] {
  let seconds = 0;
  const boot = createBootProgress({
    timeoutMs: timeoutS * 1000,
    standsMs: 10_000,
    restarted,
    now: () => seconds * 1000,
  });
  for (let turn = 0; ; turn++) {
    seconds = turn * stepS;
    const verdict = boot.look(looks[Math.min(turn, looks.length - 1)]);
    if (verdict !== "wait" || seconds > 1_000_000) return [verdict, seconds];
  }
}

const repeated = (looks: Look[], times: number): Look[] => Array.from({ length: times }, () => looks).flat();

describe("how long a boot is waited for", () => {
  it.each<[string, Look[], [Verdict, number]]>([
    ["silence is given up after the time allowed", [undefined], ["stuck", 900]],
    ["a first answer is a step", [undefined, undefined, at("contract")], ["stuck", 200 + 900]],
    ["a later phase is a step", [at("contract"), at("models"), at("nodes"), at("comfyui")], ["stuck", 300 + 900]],
    ["more of a phase is a step", [0, 0.1, 0.2, 0.3].map((done) => at("models", "a", done)), ["stuck", 300 + 900]],
    ["a changed detail is a step", ["a", "b", "c"].map((file) => at("models", file)), ["stuck", 200 + 900]],
    ["silence after a step is not", [at("models"), undefined], ["stuck", 900]],
    ["as long as it advances it is waited for", [...repeated([undefined], 8), at("models"), ok], ["ready", 900]],
    ["ready is ready at once", [ok], ["ready", 0]],
    [
      "a drain is waited for until it ends",
      [{ ...ok, status: "draining" }, { ...ok, status: "draining" }, ok],
      ["ready", 200],
    ],
    ["a drain that does not end is given up", [{ ...ok, status: "draining" }], ["stuck", 900]],
    ["a boot that failed after it was seen starting has failed", [at("preflight"), failed], ["failed", 100]],
    ["a boot that failed after silence has failed", [undefined, failed], ["failed", 100]],
  ])("%s", (_, looks, expected) => {
    expect(judged(looks)).toEqual(expected);
  });

  it.each<[string, Look[], [Verdict, number]]>([
    [
      "ComfyUI that is started again and again says something new once",
      repeated([at("comfyui"), again], 1000),
      ["stuck", 100 + 900],
    ],
    [
      "ComfyUI that falls whenever it is looked at gets to the preflight once",
      repeated([at("comfyui"), at("preflight"), again], 1000),
      ["stuck", 100 + 900],
    ],
    [
      "a gateway that starts anew in a loop comes no further than before",
      repeated([at("contract"), at("models", "a", 0.1), at("models", "a", 0.2), undefined], 1000),
      ["stuck", 200 + 900],
    ],
    [
      "a gateway that comes and goes counts once",
      repeated([undefined, at("contract"), undefined], 1000),
      ["stuck", 100 + 900],
    ],
    [
      "a download that starts from zero again counts when it passes where it had been",
      [
        at("models", "a", 0.4),
        ...repeated([at("models", "a", 0.1), at("models", "a", 0.3)], 3),
        at("models", "a", 0.5),
      ],
      ["stuck", 700 + 900],
    ],
    [
      "a download that trickles is none",
      Array.from({ length: 10_000 }, (_, look) => at("models", "a", 0.1 + look * 1e-9)),
      ["stuck", 900],
    ],
    [
      "a share above the whole is the whole",
      Array.from({ length: 10_000 }, (_, look) => at("models", "a", look)),
      ["stuck", 100 + 900],
    ],
    [
      "a gateway that always has something new to say is heard 50 times",
      Array.from({ length: 10_000 }, (_, look) => at("models", `try ${look}`)),
      ["stuck", 49 * 100 + 900],
    ],
  ])("%s", (_, looks, expected) => {
    expect(judged(looks)).toEqual(expected);
  });

  it.each<[string, Look[], boolean, [Verdict, number]]>([
    ["a failed boot that is seen first may be the former container's", [failed], false, ["failed", 10]],
    ["and is forgotten when another one starts", [failed, failed, at("contract"), ok], false, ["ready", 3]],
    ["also when nothing answers meanwhile", [failed, undefined, failed], false, ["failed", 2]],
    ["after a restart in place, so may be the readiness that is seen first", [ok], true, ["ready", 10]],
    ["and the new container is waited for", [ok, ok, undefined, at("contract"), ok], true, ["ready", 4]],
    ["silence first means that the former one is gone", [undefined, ok], true, ["ready", 1]],
  ])("%s", (_, looks, restarted, expected) => {
    expect(judged(looks, { stepS: 1, restarted })).toEqual(expected);
  });
});

/** Lines printed by looks at these seconds. */
function printed(looks: [seconds: number, Look][]): [number, string][] {
  let seconds = 0;
  const lines = createProgressLines(() => seconds * 1000);
  return looks.flatMap(([when, look]) => {
    seconds = when;
    const line = lines.next(look);
    return line === undefined ? [] : [[when, line]];
  });
}

describe("what a boot tells", () => {
  it("is a line for a phase and for a detail, once", () => {
    expect(
      printed([
        [0, undefined],
        [1, undefined],
        [2, at("contract")],
        [3, at("models", "a.safetensors", 0)],
        [4, at("models", "a.safetensors", 0)],
        [5, at("models", "b.safetensors", 0)],
      ]),
    ).toEqual([
      [0, "waiting for the gateway to answer"],
      [2, "contract"],
      [3, "models: a.safetensors 0 %"],
      [5, "models: b.safetensors 0 %"],
    ]);
  });

  it("is a line for every 5 points, and for less when 15 seconds passed", () => {
    const download = Array.from({ length: 101 }, (_, turn): [number, Look] => [turn, at("models", "a", turn / 100)]);
    expect(printed(download)).toHaveLength(21);
    const slow = Array.from({ length: 61 }, (_, turn): [number, Look] => [turn, at("models", "a", turn / 1000)]);
    expect(printed(slow)).toEqual([0, 15, 30, 45, 60].map((s) => [s, `models: a ${Math.floor(s / 10)} %`]));
    expect(printed([0, 20, 40].map((s) => [s, at("models", "a", 0.5)]))).toHaveLength(1);
  });

  it("says how fast models come, and how long that takes", () => {
    const model = { name: "a", state: "downloading" as const, bytes: 4e9, size: 10e9 };
    const coming = (perSecond: number | null): Health => ({
      ...at("models", "a", 0.4),
      models: [
        { ...model, bytes_per_second: perSecond, eta_seconds: null },
        { ...model, bytes_per_second: null, eta_seconds: null },
      ],
    });
    expect(printed([[0, coming(100e6)]])).toEqual([[0, "models: a 40 %, 100 MB/s, 2 min left"]]);
    expect(printed([[0, coming(200e6)]])).toEqual([[0, "models: a 40 %, 200 MB/s, 60 s left"]]);
    expect(printed([[0, coming(null)]])).toEqual([[0, "models: a 40 %"]]);
    const faster = Array.from({ length: 10 }, (_, turn): [number, Look] => [turn, coming(1e8 + turn * 1e6)]);
    expect(printed(faster)).toHaveLength(1);
  });

  it("is a line for silence only when it lasts", () => {
    expect(
      printed([
        [0, at("models")],
        [2, undefined],
        [4, at("models")],
        [10, undefined],
        [19, undefined],
        [40, undefined],
        [41, at("models")],
      ]),
    ).toEqual([
      [0, "models"],
      [19, "the gateway does not answer any more"],
      [41, "models"],
    ]);
  });
});
