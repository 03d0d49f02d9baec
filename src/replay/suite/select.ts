import { TapedeckError } from '../../errors.ts';
import type { CheckId } from '../../report/results/checks.ts';
import type { ExchangeResult } from '../../report/results/model.ts';
import { sha256Hex } from '../../util/sha256.ts';

/** Part `index` (from 1) of `count`. */
export interface Shard {
  index: number;
  count: number;
}

/** @throws TapedeckError `usage` */
export function parseShard(text: string): Shard {
  // One way to write it: reports are joined by it.
  const match = /^([1-9]\d*)\/([1-9]\d*)$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match && index <= count) return { index, count };
  throw new TapedeckError('usage', `--shard ${JSON.stringify(text)} is no part of a whole.`, {
    hint: 'Write it as i/n, e.g. --shard 2/3.',
  });
}

/** Whether an exchange belongs to the part; the same on every machine and whatever else is judged. */
export function isInShard(shard: Shard | undefined, cassette: string, exchange: string): boolean {
  if (!shard) return true;
  const hash = Number.parseInt(sha256Hex(`${cassette}\n${exchange}`).slice(0, 8), 16);
  return hash % shard.count === shard.index - 1;
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 24 * 3_600_000,
  w: 7 * 24 * 3_600_000,
};

/**
 * Milliseconds of a time such as `30d`.
 * @throws TapedeckError `usage`
 */
export function parseMaxAge(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text);
  if (match) return Number(match[1]) * UNITS[match[2]!]!;
  throw new TapedeckError('usage', `--max-age ${JSON.stringify(text)} is no length of time.`, {
    hint: 'Write a number and a unit of ms, s, m, h, d or w, e.g. --max-age 30d.',
  });
}

/** Says whether a text fits a filter. */
export type Filter = (text: string) => boolean;

/**
 * `/re/` or `/re/i` is a regular expression, anything else a text that must occur.
 * @throws TapedeckError `usage` for an expression that is none
 */
export function parseFilter(text: string): Filter {
  const match = /^\/(.+)\/([gimsu]*)$/s.exec(text);
  if (!match) return (name) => name.includes(text);
  try {
    const pattern = new RegExp(match[1]!, match[2]!.replace('g', ''));
    return (name) => pattern.test(name);
  } catch (cause) {
    const message = `--filter ${text} is no regular expression: ${cause instanceof Error ? cause.message : ''}`;
    throw new TapedeckError('usage', message, { cause });
  }
}

/** The text that a filter is held against: cassette, exchange, check, method and path. */
export function filterText(
  cassette: string,
  { id, method, path }: Omit<ExchangeResult, 'results'>,
  check: CheckId,
): string {
  return `${cassette} ${id} ${check} ${method} ${path}`;
}
