import { findDuplicateKeys, findFloatIntegers } from '../decode/json.ts';
import type { Finding, Profile } from './findings.ts';

/** Fields that are whole numbers by their meaning: the same names that the schemas' integer patch goes by. */
const WHOLE_NUMBER = /\/(index|sequence_number|created[^/]*|[^/]*_index|[^/]*_tokens)$/;

/** Integers without which Codex drops the document that holds them. */
const CODEX_INTEGERS: Readonly<Record<string, RegExp>> = {
  'responses.event': /^\/response\/usage\//,
  'responses.server-message': /^\/response\/usage\//,
  'codex.models': /\/(priority|limit)$/,
};

const CODEX = 'Codex 0.113.0 to 0.169.0 (measured)';

/**
 * Faults that `JSON.parse` hides: an integer written with a fraction or an exponent (`12.0`), which strictly typed
 * parsers refuse, and keys that occur twice, of which parsers keep different ones.
 * @param value what `JSON.parse` makes of the text
 */
export function checkRawText(root: string, text: string, value: unknown, profiles: readonly Profile[]): Finding[] {
  if (isPlainJson(text, value)) return [];
  // Of an event: Codex reads the usage of `response.completed` alone.
  const type = (value as { type?: unknown } | null)?.type;
  return [...checkIntegers(root, text, type, profiles), ...checkKeys(text, profiles)];
}

function checkIntegers(root: string, text: string, type: unknown, profiles: readonly Profile[]): Finding[] {
  // Nearly no text has such a number, and the scan costs more than the whole schema.
  if (!/\d\.0|\d[eE]/.test(text)) return [];
  const isEvent = root === 'responses.event' || root === 'responses.server-message';
  const read = profiles.includes('codex') && (!isEvent || type === 'response.completed');
  const codex = read ? CODEX_INTEGERS[root] : undefined;
  return findFloatIntegers(text).flatMap(({ pointer, raw }): Finding[] => {
    const base = { rule: 'raw.integer-as-float', pointer, value: raw };
    if (codex?.test(pointer)) {
      const outcome = root === 'codex.models' ? 'Codex drops the whole list' : 'this kills the turn in Codex';
      const message = `${raw} is not written as an integer: ${outcome} ("invalid type: floating point")`;
      return [{ profile: 'codex', severity: 'error', source: CODEX, message, ...base }];
    }
    const profile = plainest(profiles);
    if (!WHOLE_NUMBER.test(pointer) || profile === undefined) return [];
    const message = `${raw} should be written as an integer; strictly typed parsers refuse it`;
    return [{ profile, severity: 'warning', source: 'RFC 8259 section 6', message, ...base }];
  });
}

function checkKeys(text: string, profiles: readonly Profile[]): Finding[] {
  const profile = plainest(profiles);
  if (profile === undefined) return [];
  return findDuplicateKeys(text).map(({ pointer }) => ({
    profile,
    severity: 'warning',
    rule: 'raw.duplicate-key',
    source: 'RFC 8259 section 4',
    message: 'this key occurs twice in its object; parsers keep different ones of the two, or refuse both',
    pointer,
  }));
}

/**
 * Whether the text is what `JSON.stringify` writes, as nearly every text is. It holds no key that was parsed away then, and its only integers
 * with an exponent are from 1e21 on. To see that costs a tenth of a scan of our own.
 */
function isPlainJson(text: string, value: unknown): boolean {
  try {
    return JSON.stringify(value) === text && !(text.includes('e+') && /\de\+/.test(text));
  } catch {
    // Nested deeper than the stack reaches.
    return false;
  }
}

/** What is no matter of Codex alone is said for the profile that most clients are judged by. */
export function plainest(profiles: readonly Profile[]): Profile | undefined {
  return (['tolerant', 'strict', 'codex'] as const).find((profile) => profiles.includes(profile));
}
