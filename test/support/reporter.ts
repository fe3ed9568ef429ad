import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/**
 * Ends the output of every test run with the plain line `N passed, N failed[, N skipped]`; writes it into the file that
 * CLOSING_LINE_FILE names instead, for a caller with something to say before it.
 */
export default class ClosingLine implements Reporter {
  #line: string | undefined;

  onInit(): void {
    // Other reporters, teardowns and late warnings still write after the run has ended.
    process.once('exit', () => {
      if (!this.#line) return;
      const file = process.env.CLOSING_LINE_FILE;
      if (file) writeFileSync(file, `${this.#line}\n`);
      else process.stdout.write(`${this.#line}\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
      counts.failed += failuresOutsideTests(module);
    }
    // A test that never came to its result is no pass.
    const failed = counts.failed + counts.pending;
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    this.#line = `${counts.passed} passed, ${failed} failed${skipped}`;
  }
}

/** A file that does not load and a hook that throws fail no test of their own, yet fail the run. */
function failuresOutsideTests(module: TestModule): number {
  return [module, ...module.children.allSuites()].filter((suite) => suite.errors().length > 0).length;
}
