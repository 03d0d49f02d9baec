import { defineConfig } from 'vitest/config';

/** End-to-end tests drive real Codex binaries, which are downloaded on first use; so they have a command of their own. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    testTimeout: 90_000,
    // Long enough for the downloads.
    hookTimeout: 900_000,
    // Each run of Codex starts about ten threads; side by side they only wait for one another.
    fileParallelism: false,
  },
});
