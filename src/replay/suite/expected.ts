import { TapedeckError } from '../../errors.ts';
import { asObject } from '../../protocols/grammar.ts';
import { byNames } from '../../report/results/merge.ts';
import type { Leftover } from '../../report/results/model.ts';

/** What a check gives that can be expected to be other than what was recorded. */
export interface ExpectedResult {
  status?: number;
  text: string;
}

/** As it stands in the file: a text by its lines, so that a review sees which changed. */
interface WrittenResult {
  status?: number;
  lines: string[];
}

type Written = Record<string, Record<string, WrittenResult>>;

/** `NAME.expected.json` beside `NAME.har`: results that are right although they differ from the recording. */
export interface ExpectedFile {
  tapedeckExpected: 1;
  /** By exchange, then by check (and attempt, of an upstream leg). */
  exchanges: Written;
}

/** Where the expected results of `NAME.har` stand. */
export function expectedPath(cassette: string): string {
  return `${cassette.replace(/\.har$/, '')}.expected.json`;
}

/**
 * The expected results of one cassette. With `update` a result that differs is taken over in the place of being told, and one that is what
 * was recorded is dropped.
 */
export class ExpectedBook {
  readonly #results: Map<string, Map<string, ExpectedResult>>;
  readonly #update: boolean;
  readonly #used = new Set<string>();
  #changed = false;

  /**
   * @param text of the file; undefined: there is none
   * @throws TapedeckError `cassette-unreadable`
   */
  constructor(name: string, text: string | undefined, update: boolean) {
    this.#results = text === undefined ? new Map() : readFile(name, text);
    this.#update = update;
  }

  get updates(): boolean {
    return this.#update;
  }

  /** What the file says of a result; undefined: what was recorded counts. */
  get(exchange: string, result: string): ExpectedResult | undefined {
    return this.#results.get(exchange)?.get(result);
  }

  /** The result is needed: it differs from what was recorded. */
  use(exchange: string, result: string): void {
    this.#used.add(keyOf(exchange, result));
  }

  /** Takes a result over. */
  set(exchange: string, result: string, value: ExpectedResult): void {
    const own = this.#results.get(exchange) ?? new Map<string, ExpectedResult>();
    own.set(result, value);
    this.#results.set(exchange, own);
    this.use(exchange, result);
    this.#changed = true;
  }

  /** Drops what the recording says as well. */
  drop(exchange: string, result: string): void {
    const own = this.#results.get(exchange);
    if (!own?.delete(result)) return;
    if (own.size === 0) this.#results.delete(exchange);
    this.#changed = true;
  }

  /**
   * Results of the file that nothing needed, by their names.
   * @param judged whether all checks of that exchange were run here
   * @param known the exchanges that the cassette has
   */
  leftovers(judged: (exchange: string) => boolean, known: ReadonlySet<string>): Leftover[] {
    const left = [...this.#results].flatMap(([exchange, results]) =>
      [...results.keys()]
        .filter((result) => judged(exchange) && !this.#used.has(keyOf(exchange, result)))
        .map((result) => ({
          exchange,
          result,
          reason: known.has(exchange)
            ? 'the recording says the same, or the check does not apply'
            : 'there is no such exchange',
        })),
    );
    return left.sort(byNames);
  }

  /** The file to write: undefined when nothing changed, null when there is nothing left to expect. */
  file(): string | null | undefined {
    if (!this.#changed) return undefined;
    if (this.#results.size === 0) return null;
    const exchanges: Written = {};
    for (const [exchange, results] of this.#results) {
      exchanges[exchange] = Object.fromEntries(
        [...results]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([result, { text, ...rest }]) => [result, { ...rest, lines: text.split('\n') }]),
      );
    }
    const file: ExpectedFile = { tapedeckExpected: 1, exchanges };
    return `${JSON.stringify(file, null, 1)}\n`;
  }
}

function keyOf(exchange: string, result: string): string {
  return `${exchange} ${result}`;
}

function readFile(name: string, text: string): Map<string, Map<string, ExpectedResult>> {
  try {
    const { tapedeckExpected, exchanges } = JSON.parse(text) as Partial<ExpectedFile>;
    if (tapedeckExpected !== 1 || !asObject(exchanges)) throw new Error('it has no `tapedeckExpected` of 1');
    return new Map(
      Object.entries(exchanges!).map(([exchange, results]) => [
        exchange,
        new Map(
          Object.entries(results).map(([result, { lines, ...rest }]) => [result, { ...rest, text: lines.join('\n') }]),
        ),
      ]),
    );
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TapedeckError('cassette-unreadable', `${name} holds no expected results: ${why}`, {
      hint: 'Write it anew: delete it, and run replay with --update.',
      cause,
    });
  }
}
