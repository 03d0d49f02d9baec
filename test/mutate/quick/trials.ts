import type { Mutant, Report } from '../explanations.ts';
import type { Box } from './box.ts';
import { startTestProcess, type TestProcess } from './test-process.ts';

export interface TrialOptions {
  /** How long a process may say nothing while a mutant is tried, before it is ended and the mutant counts as endless. */
  silenceMs: number;
  /** Called after each mutant. */
  onTried?: (tried: number, all: number) => void;
}

/**
 * Tries every mutant of a box, and gives the report. One process tries them all, in the order of the files, as long as it lasts.
 * @throws when the tests cannot be loaded or one of them fails without a mutant
 */
export async function tryMutants({ plan, files }: Box, { silenceMs, onTried }: TrialOptions): Promise<Report> {
  const all = Object.values(files).flatMap(({ mutants }) => mutants.filter(({ status }) => status === 'Pending'));
  const tests = new Tests(() => startTestProcess(plan, silenceMs));
  try {
    for (const [index, mutant] of all.entries()) {
      mutant.status = await tests.statusOf(mutant.id);
      onTried?.(index + 1, all.length);
    }
  } finally {
    tests.end();
  }
  return { files };
}

/** The tests, in a process that is replaced when it is of no more use. */
class Tests {
  #start: () => Promise<TestProcess>;
  #process: TestProcess | undefined;

  constructor(start: () => Promise<TestProcess>) {
    this.#start = start;
  }

  /**
   * A process that has ended, or whose state is spoilt, may owe that to an earlier mutant. So the mutant is tried once more in a new one,
   * unless it was the first in there.
   */
  async statusOf(id: string): Promise<Mutant['status']> {
    const isFirst = this.#process === undefined;
    this.#process ??= await this.#start();
    const trial = await this.#process.tryMutant(id);
    if (typeof trial === 'object' && !trial.spoilt) return trial.status;
    this.end();
    if (trial === 'silent') return 'Timeout';
    if (!isFirst) return this.statusOf(id);
    return trial === 'ended' ? 'Timeout' : trial.status;
  }

  end(): void {
    this.#process?.end();
    this.#process = undefined;
  }
}
