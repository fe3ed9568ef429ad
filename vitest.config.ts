import { defineConfig } from 'vitest/config';

/** These judge seconds on the machine's clock: they run alone, after the others. */
const timed = ['test/delivery/{lanes,limits,outage,restart,schedule}.test.ts', 'test/start/*.test.ts'];

/** Pages in a real browser: `npm run test:browser`. */
const inBrowser = ['test/browser/*.test.ts'];

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/reporter.ts'],
    pool: 'forks', // Temporal's native runtime belongs to a process
    testTimeout: 60_000,
    hookTimeout: 300_000, // the first run ever builds the Temporal server
    projects: [
      {
        extends: true,
        test: {
          name: 'behaviour',
          include: ['test/**/*.test.ts'],
          exclude: [...timed, ...inBrowser],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'browser', include: inBrowser, maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'timing', include: timed, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
