import type { JsonFrame } from './json-scan.ts';
import { scanJson, tokenOf } from './json-scan.ts';
import { LIMITS } from './limits.ts';

/** With the `u` flag a surrogate that is half of a pair does not match. */
const LONE_SURROGATE = /\p{Surrogate}/u;

export type JsonResult = { ok: true; value: unknown } | { ok: false; message: string; offset: number };

/** A number token that is no integer token and whose value is an integer. */
export interface FloatInteger {
  pointer: string;
  /** The token as it stands in the text. */
  raw: string;
  offset: number;
}

/** A key that its object already had; `pointer` names the member, `offset` the later key. */
export interface DuplicateKey {
  pointer: string;
  offset: number;
}

/**
 * The value of a JSON text, or where it stops being JSON (offset in UTF-16 code units) and why. V8's own message has
 * neither a stable form nor always an offset, so the fault is looked for by our own scan.
 */
export function parseJson(text: string): JsonResult {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    const fault = scanJson(text, { open: () => undefined });
    if (fault !== undefined) return { ok: false, ...fault };
    // The scan and V8 know the same grammar; this is for limits of V8 such as memory.
    return { ok: false, message: error instanceof Error ? error.message : String(error), offset: 0 };
  }
}

/**
 * Offset (UTF-16 code units) of the first character of the value at an RFC 6901 pointer; undefined when the text is not
 * JSON or has no such value. Of equal keys the last one counts, as in `JSON.parse`.
 */
export function offsetOfPointer(text: string, pointer: string): number | undefined {
  const tokens = pointerTokens(pointer);
  if (tokens === undefined) return undefined;
  // found[n]: where the value of the first n tokens stands. A container's data is its n, or -1 when it is off the path.
  const found: number[] = [];
  const depthAt = (start: number, frame: JsonFrame<number> | undefined) => {
    const depth = frame === undefined ? 0 : matchToken(frame, tokens) ? frame.data + 1 : -1;
    if (depth < 0) return -1;
    found.length = depth;
    found.push(start);
    return depth;
  };
  const fault = scanJson<number>(text, {
    open: (start, stack) => depthAt(start, stack.at(-1)),
    scalar: (_kind, start, _end, stack) => void depthAt(start, stack.at(-1)),
  });
  return fault === undefined ? found[tokens.length] : undefined;
}

/**
 * Number tokens with a fraction or an exponent whose value is an integer: `12.0`, `1e3`, `-0.0`. Parsers that tell the
 * two apart (serde in Codex) refuse them where an integer is due, and `JSON.parse` hides them. Empty for what is no JSON.
 */
export function findFloatIntegers(text: string): FloatInteger[] {
  const found: FloatInteger[] = [];
  const fault = scanJson<string>(text, {
    open: (_start, stack) => pointerWithin(stack.at(-1)),
    scalar(kind, start, end, stack) {
      const raw = kind === 'number' ? text.slice(start, end) : '';
      if (isFloatInteger(raw)) found.push({ pointer: pointerWithin(stack.at(-1)), raw, offset: start });
    },
  });
  return fault === undefined ? found : [];
}

/**
 * Keys that occur again in their object. RFC 8259 section 4 leaves open what happens: `JSON.parse` keeps the last one,
 * other parsers the first, or refuse. Empty for what is no JSON.
 */
export function findDuplicateKeys(text: string): DuplicateKey[] {
  const found: DuplicateKey[] = [];
  const keysOf = new WeakMap<JsonFrame<string>, Set<string>>();
  const fault = scanJson<string>(text, {
    open: (_start, stack) => pointerWithin(stack.at(-1)),
    key(frame) {
      const keys = keysOf.get(frame) ?? new Set();
      if (keys.has(frame.key)) found.push({ pointer: pointerWithin(frame), offset: frame.keyOffset });
      keysOf.set(frame, keys.add(frame.key));
    },
  });
  return fault === undefined ? found : [];
}

/**
 * The canonical form of RFC 8785 (JCS): no space, keys sorted by UTF-16 code units, numbers and strings as ECMAScript
 * writes them. Members whose value is undefined are left out, as in `JSON.stringify`.
 * @throws TypeError for what has no such form: lone surrogates, numbers that are not finite, values that are not JSON,
 * and nesting deeper than `LIMITS.jsonDepth`.
 */
export function canonicalJson(value: unknown): string {
  return writeCanonical(value, 0);
}

function writeCanonical(value: unknown, depth: number): string {
  if (depth > LIMITS.jsonDepth) throw new TypeError(`no canonical JSON: nested deeper than ${LIMITS.jsonDepth} levels`);
  if (typeof value === 'string') return writeString(value);
  if (typeof value === 'number') return writeNumber(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${Array.from(value, (element) => writeCanonical(element, depth + 1)).join(',')}]`;
  if (typeof value === 'object') return writeObject(value as Record<string, unknown>, depth);
  throw new TypeError(`no canonical JSON: a value of type ${typeof value}`);
}

function writeObject(value: Record<string, unknown>, depth: number): string {
  const members: string[] = [];
  // Array.prototype.sort compares UTF-16 code units: the order of RFC 8785 section 3.2.3.
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) members.push(`${writeString(key)}:${writeCanonical(member, depth + 1)}`);
  }
  return `{${members.join(',')}}`;
}

function writeString(value: string): string {
  if (LONE_SURROGATE.test(value)) throw new TypeError('no canonical JSON: a string with a lone surrogate');
  return JSON.stringify(value);
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`no canonical JSON: the number ${value}`);
  return JSON.stringify(value);
}

/** Decoded tokens of an RFC 6901 pointer; undefined when it is none. */
function pointerTokens(pointer: string): string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Whether the value that begins in `frame` continues the path that leads to `frame`. */
function matchToken(frame: JsonFrame<number>, tokens: readonly string[]): boolean {
  if (frame.data < 0) return false;
  return tokens[frame.data] === (frame.isArray ? String(frame.index) : frame.key);
}

/**
 * Pointer of the value that the scan stands at; a frame's data is the pointer of its container. Each pointer is joined to
 * its parent's, which V8 does without copying: a hostile body cannot make this quadratic by its depth.
 */
function pointerWithin(frame: JsonFrame<string> | undefined): string {
  return frame === undefined ? '' : `${frame.data}/${tokenOf(frame)}`;
}

/** By the digits, not by the double: `1.0000000000000000001` is no integer though its double is one. */
function isFloatInteger(raw: string): boolean {
  const parts = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(raw);
  if (parts === null || (parts[2] === undefined && parts[3] === undefined)) return false;
  const fraction = parts[2] ?? '';
  const digits = (parts[1]! + fraction).replace(/0+$/, '');
  if (digits === '') return true;
  // The last digit that is not zero stands this many places after the point.
  const places = digits.length - parts[1]!.length;
  return Number(parts[3] ?? 0) >= places;
}
