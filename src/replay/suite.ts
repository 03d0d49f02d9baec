import { readFile, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { createFile } from '../cassette/journal.ts';
import { openCassette } from '../cassette/store.ts';
import { type ErrorCode, TapedeckError } from '../errors.ts';
import { CHECKS } from '../report/results/checks.ts';
import { orderFields } from '../report/results/merge.ts';
import {
  type CassetteResult,
  countResults,
  type ReplayOptions,
  type ReplayReport,
  receiptOf,
} from '../report/results/model.ts';
import { toUtf8 } from '../util/bytes.ts';
import { VERSION } from '../util/version.ts';
import { guardNetwork } from './polly/offline.ts';
import { judgeCassette } from './suite/cassette.ts';
import { ExpectedBook, expectedPath } from './suite/expected.ts';

/** A cassette, and what the report calls it: the same on every machine. */
export interface SuiteInput {
  path: string;
  name: string;
}

export interface SuiteOptions {
  inputs: readonly SuiteInput[];
  options: ReplayOptions;
  /** `i/n` */
  shard?: string;
  /** Takes over what differs as expected. */
  update?: boolean;
  /** Refuses a cassette that was edited. */
  pristine?: boolean;
  /** Threads that work on cassettes, this one among them; absent: as many as are worth it. */
  jobs?: number;
  /** Told after each cassette, in the order in which they are done. */
  onCassette?(result: CassetteResult): void;
}

/** What a thread says: what became of a cassette, how often it asked for the network, or what stops the command. */
export type WorkerMessage =
  | { result: CassetteResult }
  | { denied: number }
  | { error: { code: ErrorCode; message: string; hint?: string } };

/** What a thread is started with. */
export interface WorkerJob extends Pick<SuiteOptions, 'inputs' | 'options' | 'shard' | 'update' | 'pristine'> {
  /** Unix milliseconds, the same for all threads. */
  now?: number;
  /** Of one integer: the next cassette that nobody works on. */
  next: SharedArrayBuffer;
}

const FROM_SOURCE = import.meta.url.endsWith('.ts');

/** 8 MiB of cassettes for each further thread: what it takes to load the program, and V8 to make it fast, judging these takes as well. */
const WORTH_A_THREAD = 8 * 1024 * 1024;

/**
 * Runs the suite over cassettes, without the network. What is wrong with them is in the report; throws TapedeckError for what stops
 * the command.
 */
export async function runSuite(suite: SuiteOptions): Promise<ReplayReport> {
  const { options, shard, onCassette } = suite;
  const results: CassetteResult[] = [];
  const take = (result: CassetteResult) => {
    results.push(result);
    onCassette?.(result);
    return options.bail && result.exchanges.some(({ results: all }) => all.some(({ verdict }) => verdict === 'failed'));
  };
  const guard = guardNetwork();
  let denied = 0;
  try {
    if (options.bail) {
      // In the order of the names, so that the first failure is the same every time.
      for (const input of byName(suite.inputs)) if (take(await replayFile(input, suite))) break;
    } else denied += await runThreads(suite, take);
    denied += guard.denied.length;
  } finally {
    guard.end();
  }
  const cassettes = results.sort((a, b) => compareText(a.cassette, b.cassette));
  return {
    tapedeckReplay: 1,
    tool: VERSION,
    options,
    ...(shard === undefined ? {} : { shard }),
    counts: countResults(cassettes),
    receipt: receiptOf(cassettes, denied),
    checks: [...CHECKS],
    cassettes,
  };
}

/** @returns how often the other threads asked for the network */
async function runThreads(suite: SuiteOptions, take: (result: CassetteResult) => void): Promise<number> {
  const sized = await Promise.all(suite.inputs.map(async (input) => ({ input, size: await sizeOf(input.path) })));
  // The largest first, so that no thread is left with it at the end.
  const inputs = sized.sort((a, b) => b.size - a.size).map(({ input }) => input);
  const bytes = sized.reduce((sum, { size }) => sum + size, 0);
  const jobs = suite.jobs ?? Math.min(availableParallelism(), 1 + Math.floor(bytes / WORTH_A_THREAD));
  const threads = canThread() ? Math.min(jobs, inputs.length) : 1;
  const { options, shard, update, pristine } = suite;
  const job: WorkerJob = {
    inputs,
    options,
    now: Date.now(),
    next: new SharedArrayBuffer(4),
    ...(shard === undefined ? {} : { shard }),
    ...(update === undefined ? {} : { update }),
    ...(pristine === undefined ? {} : { pristine }),
  };
  const others = Array.from({ length: threads - 1 }, () => startThread(job, take));
  const [, ...denied] = await Promise.all([workOn(job, take), ...others]);
  return denied.reduce((sum, one) => sum + one, 0);
}

/** Judges cassettes as long as there are some that nobody works on. */
export async function workOn(job: WorkerJob, done: (result: CassetteResult) => void): Promise<void> {
  const next = new Int32Array(job.next);
  for (;;) {
    const input = job.inputs[Atomics.add(next, 0, 1)];
    if (!input) return;
    done(await replayFile(input, job));
  }
}

/** From source before Node 22.18 a thread cannot load what this one runs: TypeScript. */
function canThread(): boolean {
  return !FROM_SOURCE || Boolean((process.features as { typescript?: unknown }).typescript);
}

function startThread(job: WorkerJob, take: (result: CassetteResult) => void): Promise<number> {
  const entry = new URL(`./suite/worker.${FROM_SOURCE ? 'ts' : 'js'}`, import.meta.url);
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry, { workerData: job });
    let denied = 0;
    worker.on('message', (message: WorkerMessage) => {
      if ('result' in message) take(message.result);
      else if ('denied' in message) denied = message.denied;
      else reject(new TapedeckError(message.error.code, message.error.message, message.error));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (code === 0) resolve(denied);
      else reject(new TapedeckError('internal', `A thread of replay ended with ${code}.`));
    });
  });
}

/** Judges one file. What is wrong with the file is in the result. */
export async function replayFile(
  { path, name }: SuiteInput,
  { options, shard, update = false, pristine = false, now = Date.now() }: Omit<WorkerJob, 'next' | 'inputs'>,
): Promise<CassetteResult> {
  const result: CassetteResult = { cassette: name, exchanges: [] };
  try {
    const cassette = await openCassette(path, { pristine });
    try {
      const file = expectedPath(path);
      const expected = new ExpectedBook(expectedPath(name), await readText(file), update);
      const task = { name, options, now, ...(shard === undefined ? {} : { shard }) };
      await judgeCassette(cassette, task, expected, result);
      await writeExpected(file, expected.file());
    } finally {
      await cassette.close();
    }
  } catch (error) {
    if (!(error instanceof TapedeckError) || !error.code.startsWith('cassette-')) throw error;
    const { code, message, hint } = error;
    // The report names no path of this machine.
    result.unreadable = {
      code,
      message: message.replaceAll(baseOf(path), baseOf(name)),
      ...(hint === undefined ? {} : { hint }),
    };
  }
  return orderFields(result);
}

/** What the names of a cassette, its journal and its expected results begin with. */
function baseOf(path: string): string {
  return path.replace(/\.har$/, '');
}

async function writeExpected(path: string, text: string | null | undefined): Promise<void> {
  if (text === undefined) return;
  if (text === null) await rm(path, { force: true });
  else await createFile(path, true, (sink) => sink.write(toUtf8(text)));
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new TapedeckError('cassette-unreadable', `${path} cannot be read: ${error.message}`, { cause: error });
  });
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

function byName(inputs: readonly SuiteInput[]): SuiteInput[] {
  return [...inputs].sort((a, b) => compareText(a.name, b.name));
}

/** By UTF-16 units, so that the order is the same under every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
