import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from "vitest/node";

/**
 * Prints `N passed, N failed, N skipped` alone on the last line, which CI reads. What vitest counts otherwise: errors outside
 * of tests are failures, and so are the tests that a failed hook kept from running (vitest says they were skipped).
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(testModules: readonly TestModule[], unhandledErrors: readonly SerializedError[] = []): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const testModule of testModules) {
      for (const test of testModule.children.allTests()) {
        const { state } = test.result();
        if (state !== "pending") {
          counts[state === "skipped" && isKeptFromRunning(test) ? "failed" : state] += 1;
        }
      }
      for (const suite of [testModule, ...testModule.children.allSuites()]) {
        counts.failed += suite.errors().length;
      }
    }
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  }
}

function isKeptFromRunning({ options, parent }: TestCase | TestSuite): boolean {
  if (options.mode === "skip" || options.mode === "todo") {
    return false;
  }
  return parent.errors().length > 0 || (parent.type === "suite" && isKeptFromRunning(parent));
}
