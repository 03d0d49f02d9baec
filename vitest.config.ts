import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const EXCLUDED = ['test/e2e/**'];

/** Tests that put other modules in the place of ours: no other file may see those. */
const mocking = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name))
  .filter((path) => readFileSync(path, 'utf8').includes('vi.mock('));

/** Begun last, the file that takes longest would run alone for a minute. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLongest = ({ moduleId }: TestSpecification) => Number(moduleId.endsWith('/defects.test.ts'));
    return (await super.sort(files)).sort((a, b) => isLongest(b) - isLongest(a));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Vitest leaves one core alone, which is half of a small machine.
    maxWorkers: '100%',
    projects: [
      { extends: true, test: { name: 'mocking', include: mocking, exclude: EXCLUDED } },
      {
        extends: true,
        // One process for many files: loading our modules anew for each of some three hundred takes a quarter of the time.
        test: { name: 'all', include: ['test/**/*.test.ts'], exclude: [...EXCLUDED, ...mocking], isolate: false },
      },
    ],
  },
});
