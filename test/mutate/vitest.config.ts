import { defineConfig } from 'vitest/config';
import { judgingTests } from './judging-tests.ts';

/** The tests that judge mutants under Stryker; `quick/` runs the same without Vitest. */
export default defineConfig({
  test: {
    // Stryker begins in its copy of the repository.
    include: judgingTests(process.cwd()),
    // An expected file that is missing is a failure here, and is not written.
    update: 'none',
    testTimeout: 20_000,
  },
});
