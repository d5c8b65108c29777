import { expect, it } from "vitest";
import { createCounter, createHistogram, exposition } from "../../../gateway/metrics/exposition.ts";

// As https://prometheus.io/docs/instrumenting/exposition_formats describes it.
it("numbers are lines of text, each family with its help and type", () => {
  const answers = createCounter([{ code: "200" }]);
  answers.add({ code: '4"\\0' });
  answers.add({ code: '4"\\0' }, 2);
  const seconds = createHistogram([0.5, 2]);
  for (const value of [0.25, 0.5, 1, 3]) seconds.observe(value);
  expect(
    exposition([
      { name: "answers_total", help: "Answers.", type: "counter", samples: answers.samples() },
      { name: "seconds", help: "Times.", type: "histogram", samples: seconds.samples() },
    ]),
  ).toBe(
    [
      "# HELP answers_total Answers.",
      "# TYPE answers_total counter",
      'answers_total{code="200"} 0',
      'answers_total{code="4\\"\\\\0"} 3',
      "# HELP seconds Times.",
      "# TYPE seconds histogram",
      'seconds_bucket{le="0.5"} 2',
      'seconds_bucket{le="2"} 3',
      'seconds_bucket{le="+Inf"} 4',
      "seconds_sum 4.75",
      "seconds_count 4",
      "",
    ].join("\n"),
  );
});
