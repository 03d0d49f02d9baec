import { asObject, type JsonObject, parseData } from '../../protocols/grammar.ts';
import type { Losses } from '../shared/losses.ts';

/** In the group, a number that JavaScript may not hold: more than 15 digits, or an exponent that leads out of its range. */
const LONG_NUMBER = /"(?:[^"\\]|\\.)*"|(-?\d[\d.]{15,}(?:[eE][+-]?\d+)?|-?\d[\d.]*[eE][+-]?\d{3,})/g;

/**
 * A call's arguments as the object that Messages wants: empty ones are `{}`; what is no object is told under the name
 * `arguments`, so that the model still sees what it wrote.
 */
export function readArguments(value: unknown, path: string, losses: Losses): JsonObject {
  if (typeof value !== 'string') return asObject(value) ?? wrap(value, path, losses);
  if (value.trim() === '') return {};
  const parsed = asObject(parseData(value));
  if (!parsed) return wrap(value, path, losses);
  if (hasLongNumber(value)) losses.add(path, 'value', 'a number in the arguments has more digits than a double holds');
  return parsed;
}

function wrap(value: unknown, path: string, losses: Losses): JsonObject {
  if (value === undefined || value === null) return {};
  losses.add(path, 'value', 'the arguments are no JSON object: they are told under the name `arguments`');
  return { arguments: value };
}

function hasLongNumber(text: string): boolean {
  for (const [, token] of text.matchAll(LONG_NUMBER)) {
    if (token === undefined) continue;
    const number = Number(token);
    if (!Number.isFinite(number) || (/^-?\d+$/.test(token) && String(number) !== token)) return true;
  }
  return false;
}
