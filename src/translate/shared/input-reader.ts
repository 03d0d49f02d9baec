import { asObject, quote } from '../../protocols/grammar.ts';

/**
 * Reads the arguments of a custom tool's stand-in function, `{"input":"…"}`, while they stream, and gives the raw input.
 * Models are not exact: arguments that are no JSON object, or one without a string `input`, are the input as they are.
 */
export interface InputReader {
  /** The next piece of the arguments, cut anywhere. @returns what it adds to the raw input */
  push(delta: string): string;
  /**
   * The arguments are over.
   * @returns `rest`: what is still to be added; `problem`: why the input is not simply the value of `input`
   */
  end(): { rest: string; problem?: string };
}

/** Name of the one property of the function that stands in for a custom tool. */
export const INPUT_PROPERTY = 'input';

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Up to the first character of the value, when it is a string: what comes before it is not input. */
const HEAD = /^\s*\{\s*"input"\s*:\s*"/;
/** Where the head is looked for: with every delta of other arguments again, it would cost their whole length each time. */
const HEAD_CHARS = 256;
const SPECIAL = /["\\]/g;
const TAIL = /^\s*\}\s*$/;

export function createInputReader(): InputReader {
  return new Reader();
}

/** `head`: before the value, or something else that is kept to the end; `string`: inside the value; `tail`: behind it. */
type State = 'head' | 'string' | 'tail';

class Reader implements InputReader {
  #state: State = 'head';
  /** `head`: all so far; `string`: an escape that is not whole; `tail`: what stands behind the value. */
  #kept = '';

  push(delta: string): string {
    if (this.#state === 'string') return this.#readString(this.#kept + delta);
    const before = this.#kept.length;
    this.#kept += delta;
    return this.#state === 'head' && before <= HEAD_CHARS ? this.#readHead() : '';
  }

  end(): { rest: string; problem?: string } {
    if (this.#state === 'tail') {
      return TAIL.test(this.#kept) ? { rest: '' } : { rest: '', problem: `behind the input: ${quote(this.#kept)}` };
    }
    if (this.#state === 'string') return { rest: this.#kept, problem: 'the input has no end' };
    return readWhole(this.#kept);
  }

  #readHead(): string {
    const head = HEAD.exec(this.#kept);
    if (!head) return '';
    this.#state = 'string';
    return this.#readString(this.#kept.slice(head[0].length));
  }

  #readString(text: string): string {
    let out = '';
    let from = 0;
    for (let at = nextSpecial(text, 0); ; at = nextSpecial(text, from)) {
      out += text.slice(from, at);
      if (text[at] === '"') {
        this.#state = 'tail';
        this.#kept = text.slice(at + 1);
        return out;
      }
      const read = readEscape(text, at);
      // The text ends, maybe within an escape.
      if (!read) {
        this.#kept = text.slice(at);
        return out;
      }
      out += read.text;
      from = read.end;
    }
  }
}

/** Index of the next quote or backslash, else the length. */
function nextSpecial(text: string, from: number): number {
  SPECIAL.lastIndex = from;
  return SPECIAL.exec(text)?.index ?? text.length;
}

/** The character that an escape stands for; undefined when the text ends within it. What is no escape stays as written. */
function readEscape(text: string, at: number): { text: string; end: number } | undefined {
  const letter = text[at + 1];
  if (letter === undefined) return undefined;
  if (letter === 'u') {
    const digits = text.slice(at + 2, at + 6);
    if (/[0-9a-f]{4}/i.test(digits)) return { text: String.fromCharCode(Number.parseInt(digits, 16)), end: at + 6 };
    if (/^[0-9a-f]*$/i.test(digits)) return undefined;
  }
  const known = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter]! : `\\${letter}`;
  return { text: known, end: at + 2 };
}

/** Arguments in which `input` does not come first, or is no string, or that are no JSON. */
function readWhole(text: string): { rest: string; problem?: string } {
  if (text.trim() === '') return { rest: '' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { rest: text, problem: 'the arguments are no JSON' };
  }
  if (typeof value === 'string') return { rest: value, problem: 'the arguments are a bare string' };
  const input = asObject(value)?.[INPUT_PROPERTY];
  if (typeof input !== 'string') return { rest: text, problem: 'the arguments have no string `input`' };
  const names = Object.keys(value as object).filter((name) => name !== INPUT_PROPERTY);
  return names.length === 0 ? { rest: input } : { rest: input, problem: `beside the input: ${names.join(', ')}` };
}
