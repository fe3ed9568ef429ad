import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/reporter.ts'],
    pool: 'forks', // Temporal's native runtime belongs to a process
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 300_000, // the first run ever builds the Temporal server
  },
});
