import { fromUtf8, toUtf8 } from '../util/bytes.ts';
import type { RawHeaders } from '../util/types.ts';
import { compileUserPattern, type FinderOptions } from './redact/finder.ts';
import { redactHeaders, redactUrl } from './redact/headers.ts';
import { StreamWork } from './redact/stream.ts';
import { Vault } from './redact/vault.ts';
import { fromUtf8Latin1 } from './redact/views.ts';
import { redactWhole } from './redact/whole.ts';

/**
 * Redaction: credentials are cut out of the raw bytes and replaced by `[redacted:KIND#n]` before anything is written. What
 * is covered, and what is not, is in docs/privacy.md. All texts are latin1 in here: one character is one byte.
 */
export interface RedactOptions {
  /** Users' own patterns; they see characters, not bytes. */
  patterns?: RegExp[];
}

/** One a recording: it numbers the values, and searches everywhere for those it has seen in a credential's place. */
export interface Redactor {
  /** Replaces credentials in raw headers (or trailers). Call it before `url` and `body` of the same message: they learn from it. */
  headers(h: RawHeaders): string[];
  /** Replaces credentials in a short text that comes again and again, such as a reason phrase. */
  text(text: string): string;
  /** Replaces credentials in a request target or URL; placeholders are percent-encoded there, so that it stays a URL. */
  url(u: string): string;
  /** Replaces credentials in a decoded body. Gives the same array back when nothing was replaced. */
  body(bytes: Uint8Array, mimeType: string): { bytes: Uint8Array; count: number };
  /** For a decoded body that comes in chunks. */
  stream(mimeType: string): StreamRedactor;
  /** Replacements so far, by kind. */
  counts(): Record<string, number>;
}

/** Gives one output for every input chunk, in order; one that may hold the beginning of a secret is held back until that is decided. */
export interface StreamRedactor {
  push(chunk: Uint8Array): Uint8Array[];
  /** The same for several: they are searched together, which costs little more than one. */
  pushAll(chunks: readonly Uint8Array[]): Uint8Array[];
  end(): Uint8Array[];
  /** Replacements so far. */
  count(): number;
}

/** Something that looks like a credential in a text that should hold none. */
export interface SecretHit {
  kind: string;
  /** In characters of the text. */
  offset: number;
  /** The first characters and the length, never the value. */
  preview: string;
}

export function createRedactor(options: RedactOptions = {}): Redactor {
  const vault = new Vault();
  const finder: FinderOptions = {
    users: (options.patterns ?? []).map(compileUserPattern),
    literals: () => vault.literals(),
  };
  const wholeText = (text: string) => fromUtf8(new StreamWork('text/plain', vault, finder).whole(toUtf8(text)));
  return {
    headers: (raw) => redactHeaders(raw, vault, finder),
    text: (text) => vault.redactOnce('whole', text, wholeText),
    url: (url) => redactUrl(url, vault, finder),
    body: (bytes, mimeType) => redactWhole(bytes, mimeType, vault, finder),
    stream: (mimeType) => new StreamWork(mimeType, vault, finder),
    counts: () => vault.counts(),
  };
}

/**
 * Finds what looks like a credential in a text that should hold none: a cassette, or better, since secrets may be spread over
 * chunks, a decoded body. Event streams are also searched across their deltas. Placeholders and dummies are passed over.
 */
export function scanForSecrets(text: string): SecretHit[] {
  const bytes = Buffer.from(text, 'utf8');
  const vault = new Vault();
  const work = new StreamWork('', vault, { users: [], literals: () => [] });
  return work.findAll(bytes).flatMap(({ start, secret, first }) => {
    if (!first) return [];
    const offset = bytes.length === text.length ? start : bytes.subarray(0, start).toString('utf8').length;
    return [{ kind: secret.kind, offset, preview: maskValue(secret.value) }];
  });
}

function maskValue(value: string): string {
  const text = fromUtf8Latin1(value);
  return text.length < 12 ? `… (${text.length} characters)` : `${text.slice(0, 4)}… (${text.length} characters)`;
}
