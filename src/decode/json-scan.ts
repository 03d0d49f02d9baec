/** Where and why a text is not JSON. Offsets are in UTF-16 code units, as in `String.prototype.slice`. */
export interface JsonFault {
  message: string;
  offset: number;
}

/** An object or array that the scan is inside of. */
export interface JsonFrame<T> {
  readonly isArray: boolean;
  /** Index of the current element; of an object, how many members came before the current one. */
  index: number;
  /** Key of the current member; empty in an array. */
  key: string;
  keyOffset: number;
  /** What the visitor's `open` returned for this container. */
  readonly data: T;
}

export type JsonScalar = 'string' | 'number' | 'literal';

/** What the scan tells, in the order of the text. `stack` holds the containers around, the innermost last. */
export interface JsonVisitor<T> {
  /** An object or array begins at `start`. */
  open(start: number, stack: readonly JsonFrame<T>[]): T;
  /** A string, number, `true`, `false` or `null` from `start` to `end`. */
  scalar?(kind: JsonScalar, start: number, end: number, stack: readonly JsonFrame<T>[]): void;
  /** A key was read; it stands in the innermost frame. */
  key?(frame: JsonFrame<T>, stack: readonly JsonFrame<T>[]): void;
}

const LITERALS = ['true', 'false', 'null'] as const;

/**
 * Reads `text` by the grammar of RFC 8259 and tells `visitor` what stands where; undefined when all of it is one JSON
 * value. It keeps its own stack, so depth is bounded by memory alone.
 */
export function scanJson<T>(text: string, visitor: JsonVisitor<T>): JsonFault | undefined {
  return new Scan(text, visitor).run();
}

/** RFC 6901 token of the value that the scan stands at within `frame`. */
export function tokenOf(frame: JsonFrame<unknown>): string {
  return frame.isArray ? String(frame.index) : frame.key.replaceAll('~', '~0').replaceAll('/', '~1');
}

class Scan<T> {
  readonly #text: string;
  readonly #visitor: JsonVisitor<T>;
  readonly #stack: JsonFrame<T>[] = [];
  #at = 0;

  constructor(text: string, visitor: JsonVisitor<T>) {
    this.#text = text;
    this.#visitor = visitor;
  }

  run(): JsonFault | undefined {
    this.#skipSpace();
    let fault = this.#readValue();
    while (fault === undefined && this.#stack.length > 0) fault = this.#readNext(this.#stack.at(-1)!);
    if (fault !== undefined) return fault;
    return this.#at < this.#text.length ? this.#fault('text after the JSON value') : undefined;
  }

  /** Reads a value: the whole of a scalar, or only the opening of a container. */
  #readValue(): JsonFault | undefined {
    const first = this.#text[this.#at];
    if (first === '{' || first === '[') return this.#openContainer(first === '[');
    const start = this.#at;
    const kind = first === '"' ? 'string' : first === '-' || isDigit(first) ? 'number' : 'literal';
    const fault = this.#readScalar(kind);
    if (fault !== undefined) return fault;
    this.#visitor.scalar?.(kind, start, this.#at, this.#stack);
    this.#skipSpace();
    return undefined;
  }

  #readScalar(kind: JsonScalar): JsonFault | undefined {
    if (kind === 'string') return this.#readString();
    if (kind === 'number') return this.#readNumber();
    const word = LITERALS.find((literal) => this.#text.startsWith(literal, this.#at));
    if (word === undefined) return this.#fault('expected a value');
    this.#at += word.length;
    return undefined;
  }

  #openContainer(isArray: boolean): undefined {
    const data = this.#visitor.open(this.#at, this.#stack);
    this.#stack.push({ isArray, index: -1, key: '', keyOffset: -1, data });
    this.#at += 1;
    this.#skipSpace();
  }

  /** Inside `frame`: the first value, a comma and the next value, or the end of the container. */
  #readNext(frame: JsonFrame<T>): JsonFault | undefined {
    if (this.#text[this.#at] === (frame.isArray ? ']' : '}')) {
      this.#stack.pop();
      this.#at += 1;
      this.#skipSpace();
      return undefined;
    }
    if (frame.index >= 0) {
      if (this.#text[this.#at] !== ',')
        return this.#fault(frame.isArray ? "expected ',' or ']'" : "expected ',' or '}'");
      this.#at += 1;
      this.#skipSpace();
    }
    frame.index += 1;
    return frame.isArray ? this.#readValue() : this.#readMember(frame);
  }

  #readMember(frame: JsonFrame<T>): JsonFault | undefined {
    if (this.#text[this.#at] !== '"') return this.#fault('expected a key in double quotes');
    frame.keyOffset = this.#at;
    const fault = this.#readString();
    if (fault !== undefined) return fault;
    frame.key = JSON.parse(this.#text.slice(frame.keyOffset, this.#at)) as string;
    this.#visitor.key?.(frame, this.#stack);
    this.#skipSpace();
    if (this.#text[this.#at] !== ':') return this.#fault("expected ':' after the key");
    this.#at += 1;
    this.#skipSpace();
    return this.#readValue();
  }

  #readString(): JsonFault | undefined {
    const text = this.#text;
    const start = this.#at;
    for (let i = start + 1; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === QUOTE) {
        this.#at = i + 1;
        return undefined;
      }
      if (code < 0x20) return this.#fault('control character in a string (write it as an escape)', i);
      if (code !== BACKSLASH) continue;
      const length = escapeLength(text, i);
      if (length === 0 && i + 1 < text.length) return this.#fault('unknown escape in a string', i);
      i += Math.max(length - 1, 0);
    }
    return this.#fault('the string that begins here has no end', start);
  }

  #readNumber(): JsonFault | undefined {
    const start = this.#at;
    if (this.#text[this.#at] === '-') this.#at += 1;
    const leadingZero = this.#text[this.#at] === '0';
    if (this.#skipDigits() === 0) return this.#fault('expected a digit');
    const zeros = start + (this.#text[start] === '-' ? 2 : 1);
    if (leadingZero && this.#at > zeros) return this.#fault('a number cannot begin with 0', zeros - 1);
    if (this.#text[this.#at] === '.') {
      this.#at += 1;
      if (this.#skipDigits() === 0) return this.#fault('expected a digit after the decimal point');
    }
    if (this.#text[this.#at] !== 'e' && this.#text[this.#at] !== 'E') return undefined;
    this.#at += 1;
    if (this.#text[this.#at] === '+' || this.#text[this.#at] === '-') this.#at += 1;
    return this.#skipDigits() === 0 ? this.#fault('expected a digit in the exponent') : undefined;
  }

  #skipDigits(): number {
    const from = this.#at;
    while (isDigit(this.#text[this.#at])) this.#at += 1;
    return this.#at - from;
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #fault(message: string, offset = this.#at): JsonFault {
    return { message: offset < this.#text.length ? message : 'the text ends before the JSON value does', offset };
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9';
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Length of the escape at `at`, which is a backslash; 0 when there is no such escape. */
function escapeLength(text: string, at: number): number {
  const next = text[at + 1];
  if (next === undefined) return 0;
  if ('"\\/bfnrt'.includes(next)) return 2;
  return next === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6)) ? 6 : 0;
}
