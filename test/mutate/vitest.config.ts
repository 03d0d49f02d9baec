import { defineConfig } from 'vitest/config';

/** The tests that judge mutants: every one is run again and again, so those that take seconds are left out. */
export default defineConfig({
  test: {
    include: ['test/translate/**/*.test.ts'],
    exclude: [
      '**/laws.test.ts',
      '**/sdk.test.ts',
      '**/codex-requests.test.ts',
      '**/streams.test.ts',
      'test/translate/{coverage,loss-weights,silence}.test.ts',
      'test/translate/helpers/**',
    ],
    // An expected file that is missing is a failure here, and is not written.
    update: 'none',
    testTimeout: 20_000,
  },
});
