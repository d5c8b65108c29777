import type { Reporter, TestModule } from "vitest/node";

/**
 * Closes a run with a plain line, "12 passed, 0 failed, 0 skipped", whatever the other reporters print, after the reasons
 * that tests gave for being skipped. On CI (the variable CI is set) a skipped test fails the run: there every tool that a
 * test needs is at hand.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    const reasons = new Set<string>();
    for (const module of modules) {
      // A file that cannot be loaded has no tests to count.
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        counts[result.state === "pending" ? "skipped" : result.state] += 1;
        if (result.state === "skipped" && result.note !== undefined) reasons.add(result.note);
      }
    }
    for (const reason of reasons) console.log(`skipped: ${reason}`);
    if (counts.skipped > 0 && (process.env["CI"] ?? "") !== "") {
      console.log("a test was skipped, which is a failure on CI");
      process.exitCode = 1;
    }
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  }
}
