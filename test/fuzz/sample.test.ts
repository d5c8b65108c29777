import { expect, it } from "vitest";
import { allCells } from "./cells.ts";
import { fuzz } from "./run.ts";

const runs = 300;
const seed = Number(process.env["FUZZ_SEED"] ?? 1);

// All of them: npm run fuzz.
it(`the gateway answers whatever it is sent, and is as it was then (sample ${seed}; another one with FUZZ_SEED)`, async () => {
  const failures: string[] = [];
  const { tally, problems } = await fuzz({
    ...{ cells: allCells(), runs, seed, jobs: 8 },
    onCell: ({ name }, { failure }) => {
      if (failure !== undefined)
        failures.push(`${name}: ${failure.problem}\n${failure.sent.toString("latin1", 0, 2000)}`);
    },
  });
  expect(failures).toEqual([]);
  expect(problems).toEqual([]);
  expect(tally.requests).toBeGreaterThanOrEqual(runs);
});
