import type { Dispatcher } from 'undici';
import { beforeEach, expect } from 'vitest';
import { TapedeckError } from '../../errors.ts';
import type { Protocol } from '../../util/types.ts';
import type { Leftover } from '../library.ts';
import type { CassetteMode } from '../polly/deck.ts';
import type { CassetteMiss } from '../polly/missed.ts';
import { type JudgeOptions, toBeGrammatical, toConformTo, toMatchCassette } from './matchers.ts';
import {
  beginSession,
  type CassetteSession,
  type CassetteTest,
  SessionDispatcher,
  type UseCassetteOptions,
} from './session.ts';

/** The cassette of the test that runs. Outside of one, all but `dispatcher` throw. */
export interface UsedCassette {
  /** For clients that do not use the global dispatcher; it may be handed over before the first test. */
  readonly dispatcher: Dispatcher;
  /** The file. */
  readonly path: string;
  readonly mode: CassetteMode;
  /** Requests of this test that got a recorded answer. */
  readonly served: number;
  /** Requests of this test that were sent on and recorded. */
  readonly recorded: number;
  readonly misses: readonly CassetteMiss[];
  leftovers(): Leftover[];
}

let running: CassetteSession | undefined;

/**
 * Gives every test of the file, or of the `describe` around it, a cassette in the place of the network. It begins before each test and
 * ends after it; a test that asks for what was not recorded fails, and says which recording is closest and where it differs.
 * Tests that run at the same time (`concurrent`) cannot share the global dispatcher.
 * @param name `chat` is `__cassettes__/chat.har` beside the test file. A function names one for each test; where several tests record,
 * each needs one of its own.
 */
export function useCassette(
  name: string | ((test: { name: string }) => string),
  options: UseCassetteOptions = {},
): UsedCassette {
  let session: CassetteSession | undefined;
  const current = () => {
    if (session) return session;
    throw new TapedeckError(
      'usage',
      'A cassette of useCassette can be used while a test runs, and not before or after it.',
    );
  };
  beforeEach(async ({ task }) => {
    const test: CassetteTest = {
      id: task.id,
      name: task.name,
      file: task.file.filepath,
      failed: () => task.result?.state === 'fail',
    };
    const begun = await beginSession(typeof name === 'string' ? name : name(test), test, options);
    const around = running;
    session = begun;
    running = begun;
    return async () => {
      session = undefined;
      running = around;
      await begun.end(test);
    };
  });
  return {
    dispatcher: new SessionDispatcher(() => current().deck.dispatcher),
    get path() {
      return current().path;
    },
    get mode() {
      return current().mode;
    },
    get served() {
      return current().deck.served;
    },
    get recorded() {
      return current().deck.recorded;
    },
    get misses() {
      return current().deck.misses;
    },
    leftovers: () => current().deck.leftovers(),
  };
}

/** The matchers, for another `expect`; that of vitest gets them when this module is imported. */
export const matchers = {
  toConformTo,
  toBeGrammatical,
  toMatchCassette: (received: unknown, path?: string) => toMatchCassette(received, running, path),
};

expect.extend(matchers);

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: the declaration that this one adds to has it
  interface Matchers<T = any> {
    /** By schema, and a stream by its grammar as well: text, bytes or an object. Roots are those of `tapedeck validate --as`. */
    toConformTo(root: string, options?: JudgeOptions): void;
    /** The order of the events of a whole stream: its text, its bytes, or its events. */
    toBeGrammatical(protocol?: Protocol, options?: JudgeOptions): void;
    /** Whether a request `{ path, method, body }` is recorded in the cassette in use, or in the one at `path`. */
    toMatchCassette(path?: string): Promise<void>;
  }
}
