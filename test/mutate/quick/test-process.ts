import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Mutant } from '../explanations.ts';

/** What the worker says when it has run every test once. */
export interface Started {
  tests: number;
  /** The tests that fail without any mutant, each with its message. */
  failures: string[];
}

/** What the worker says of a mutant. */
export interface Trial {
  status: Mutant['status'];
  /** The test that failed fails without the mutant now, too: something that the mutant left behind outlives it. */
  spoilt: boolean;
}

/** What the worker said, or why it said nothing. */
type Answer<T> = T | 'ended' | 'silent';

export interface TestProcess {
  tryMutant(id: string): Promise<Answer<Trial>>;
  end(): void;
}

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
const TSX = import.meta.resolve('tsx');

/** Loading takes seconds; this is for tests that never end without any mutant. */
const START_MS = 120_000;
/** How much of what a worker writes to its standard error is kept for the message when it does not start. */
const KEPT_CHARS = 4_000;

/**
 * Starts a worker and waits until it has run all tests once.
 * @param plan the file of the box's plan
 * @param silenceMs how long it may say nothing while a mutant is tried
 * @throws when the tests cannot be loaded or one of them fails without a mutant
 */
export async function startTestProcess(plan: string, silenceMs: number): Promise<TestProcess> {
  // Without the options of our own process, which under Vitest are meant for Vitest.
  const child = fork(WORKER, [plan], { execArgv: ['--import', TSX], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const end = () => void child.kill('SIGKILL');
  // A worker in an endless loop would not notice that it is alone.
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  let written = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    written = (written + chunk.toString()).slice(-KEPT_CHARS);
  });
  const started = await nextMessage<Started>(child, START_MS);
  const problem = problemOf(started, () => written);
  if (problem === undefined) return { tryMutant: (id) => ask(child, id, silenceMs), end };
  end();
  throw new Error(problem);
}

function problemOf(started: Answer<Started>, written: () => string): string | undefined {
  if (started === 'ended') return `The tests cannot be loaded:\n${written()}`;
  if (started === 'silent') return `The tests do not end within ${START_MS / 1000} s without any mutant.`;
  if (started.tests === 0) return 'There are no tests.';
  if (started.failures.length === 0) return undefined;
  return [`Without any mutant ${started.failures.length} of ${started.tests} tests fail:`, ...started.failures].join(
    '\n',
  );
}

function ask(child: ChildProcess, id: string, silenceMs: number): Promise<Answer<Trial>> {
  const answer = nextMessage<Trial>(child, silenceMs);
  // Sending to one that has just ended is an error that its end tells already.
  child.send(id, () => {});
  return answer;
}

function nextMessage<T>(child: ChildProcess, ms: number): Promise<Answer<T>> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve('ended');
  return new Promise((resolve) => {
    const settle = (answer: Answer<T>) => {
      clearTimeout(timer);
      child.off('message', settle);
      child.off('close', ended);
      resolve(answer);
    };
    const ended = () => settle('ended');
    const timer = setTimeout(() => settle('silent'), ms);
    child.on('message', settle);
    // Behind the last of what it wrote.
    child.on('close', ended);
  });
}
