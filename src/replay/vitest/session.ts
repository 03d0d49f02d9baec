import { dirname, join, resolve } from 'node:path';
import { Dispatcher, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { TapedeckError } from '../../errors.ts';
import type { Repeat } from '../match.ts';
import type { CassetteMode } from '../polly/deck.ts';
import { type CassetteDispatcher, createCassetteDispatcher } from '../polly/dispatcher.ts';
import { guardNetwork, type NetworkGuard } from '../polly/offline.ts';
import type { MatchLevel, MatchRules } from '../request.ts';

export interface UseCassetteOptions {
  /** What the environment says when absent. */
  mode?: CassetteMode;
  /** Where cassettes are, from the folder of the test file; `__cassettes__` when absent. */
  folder?: string;
  /** In mode `none`, recordings that were not asked for fail the test. */
  strict?: boolean;
  /** How much of two requests must be equal; `shape` when absent. */
  match?: MatchLevel;
  /** What follows when all equal recordings were served; a miss when absent. */
  repeat?: Repeat;
  /** Milliseconds that a recording may be old. */
  maxAge?: number;
  /** Whose legs are served; `gateway` when absent: a test asks what a client asks. */
  as?: 'gateway' | 'upstream';
  /** Patterns of the suite's own secrets. */
  redact?: RegExp[];
  /** Field rules of the suite's own, on top of those of each protocol. */
  rules?: MatchRules;
  /** Sends what is recorded; when absent the global dispatcher, or what it was before another cassette took its place. */
  upstream?: Dispatcher;
  /** Whether the cassette becomes undici's global dispatcher, which node's own `fetch` uses as well; it does when absent. */
  global?: boolean;
}

/** The test that a cassette is used by, as far as it matters here. */
export interface CassetteTest {
  /** Tells it from other tests. */
  id: string;
  name: string;
  /** Path of its file. */
  file: string;
  /** Whether it has failed already. */
  failed(): boolean;
}

/** A cassette while one test runs. */
export interface CassetteSession {
  readonly path: string;
  readonly mode: CassetteMode;
  readonly deck: CassetteDispatcher;
  readonly options: UseCassetteOptions;
  /**
   * Closes it.
   * @throws TapedeckError `cassette-miss` for requests without a recording, denied connections, and, where that is asked for, recordings
   * without a request; what closing throws
   */
  end(test: CassetteTest): Promise<void>;
}

const MODES: readonly string[] = ['none', 'once', 'new_episodes', 'all'];

/** Of each cassette that is in the place of the network: what sends in its stead. One that begins within it is no part of it. */
const networks = new WeakMap<Dispatcher, Dispatcher>();

/** Which test of this process recorded a cassette. */
const recordedBy = new Map<string, string>();

/**
 * `TAPEDECK_MODE`; without it `none` in CI (`CI` is set) and `once` elsewhere.
 * @throws TapedeckError `usage`
 */
export function modeOf(environment: Record<string, string | undefined>): CassetteMode {
  const { TAPEDECK_MODE: said, CI: ci } = environment;
  if (said && !MODES.includes(said)) {
    const hint = `Write one of ${MODES.join(', ')}.`;
    throw new TapedeckError('usage', `TAPEDECK_MODE=${said} is no mode.`, { hint });
  }
  if (said) return said as CassetteMode;
  return ci && !/^(?:false|0)$/i.test(ci) ? 'none' : 'once';
}

/** Where a cassette of that name is: beside the test file. Characters that no file name should have become dashes. */
export function cassettePath(name: string, file: string, folder = '__cassettes__'): string {
  const safe = name.replace(/[^\p{L}\p{N}._/-]+/gu, '-').replace(/\.har$/, '');
  return join(resolve(dirname(file), folder), `${safe}.har`);
}

/**
 * Puts a cassette in the place of the network.
 * @throws TapedeckError `cassette-not-found` in mode `none`; `usage` when another test recorded it in this run
 */
export async function beginSession(
  name: string,
  test: CassetteTest,
  options: UseCassetteOptions,
): Promise<CassetteSession> {
  const mode = options.mode ?? modeOf(process.env);
  const path = cassettePath(name, test.file, options.folder);
  const other = recordedBy.get(path);
  if (other !== undefined && other !== test.id && mode !== 'none') {
    const hint = 'Give every test its own: useCassette((test) => test.name).';
    throw new TapedeckError('usage', `Another test of this run has recorded ${path}. ${hint}`, { hint });
  }
  const before = getGlobalDispatcher();
  const upstream = options.upstream ?? networks.get(before) ?? before;
  const deck = await openDispatcher(path, mode, { ...options, upstream });
  networks.set(deck.dispatcher, upstream);
  const guard = mode === 'none' ? guardNetwork() : undefined;
  if (options.global !== false) setGlobalDispatcher(deck.dispatcher);
  return {
    path,
    mode,
    deck,
    options,
    async end(test) {
      if (options.global !== false) setGlobalDispatcher(before);
      guard?.end();
      await deck.close();
      if (deck.recorded > 0) recordedBy.set(path, test.id);
      const faults = faultsOf(deck, guard, mode === 'none' && options.strict === true && !test.failed());
      if (faults.length > 0) throw new TapedeckError('cassette-miss', `${path}: ${faults.join('\n')}`);
    },
  };
}

async function openDispatcher(path: string, mode: CassetteMode, options: UseCassetteOptions) {
  const { folder: _, strict: _strict, global: _global, as = 'gateway', ...rest } = options;
  try {
    return await createCassetteDispatcher({ ...rest, cassette: path, mode, as });
  } catch (error) {
    if (!(error instanceof TapedeckError && error.code === 'cassette-not-found')) throw error;
    const hint = 'Run the test once with TAPEDECK_MODE=once and a key, and commit the file.';
    throw new TapedeckError('cassette-not-found', `There is no cassette ${path}. ${hint}`, { hint, cause: error });
  }
}

function faultsOf(deck: CassetteDispatcher, guard: NetworkGuard | undefined, strict: boolean): string[] {
  const faults = deck.misses.map(({ message }) => message);
  if (faults.length > 0)
    faults.push('TAPEDECK_MODE=new_episodes records what is missing, TAPEDECK_MODE=all everything.');
  if (guard && guard.denied.length > 0) {
    const names = [...new Set(guard.denied)].join(', ');
    faults.push(`connections were denied that went around the cassette: ${names}`);
  }
  const left = strict ? deck.leftovers() : [];
  if (left.length > 0) {
    const names = left.map(({ seq, method, path }) => `#${seq} ${method} ${path}`).join(', ');
    faults.push(`left over, because the test did not ask for them: ${names}`);
  }
  return faults;
}

/** One dispatcher for the whole file: it hands on to the cassette of the test that runs. */
export class SessionDispatcher extends Dispatcher {
  readonly #current: () => Dispatcher;

  constructor(current: () => Dispatcher) {
    super();
    this.#current = current;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#current().dispatch(options, handler);
  }

  /** The cassette is closed when its test ends. */
  override async close(): Promise<void> {}

  override async destroy(): Promise<void> {}
}
