import { createRedactor, type Redactor } from '../../src/cassette/redact.ts';

/** Made-up keys, put together here so that scanners of this repository stay quiet. */
export const KEYS = {
  project: `sk-${'proj-'}AbC1dEf2GhI3jKl4MnO5pQr6`,
  plain: `sk-${'0a1b2c3d4e5f60718293a4b5c6d7e8f9'}`,
  anthropic: `sk-${'ant-'}api03-Zz9Yy8Xx7Ww6Vv5Uu4`,
  github: `gh${'p_'}0123456789abcdefABCDEF0123456789abcd`,
  google: `AI${'za'}SyA0123456789abcdefghijklmnopqrstuv`,
  aws: `AK${'IA'}ABCDEFGHIJKLMNOP`,
  slack: `xo${'xb-'}123456789012-abcdefghijkl`,
  groq: `gs${'k_'}abcdefghij0123456789ABCDEFGHIJ`,
  jwt: ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0NTY3ODkwIn0', 'c2lnbmF0dXJlX2J5dGVz'].join('.'),
  pem: [
    '-----BEGIN RSA PRIVATE',
    ' KEY-----\n',
    `${'MIIEpAIBAAKCAQEA'.repeat(4)}\n`.repeat(12),
    '-----END RSA PRIVATE KEY-----',
  ].join(''),
} as const;

/** Fits no pattern: only its place gives it away. */
export const OPAQUE = ['zq7', 'Wm4', 'Rt9', 'Kp2'].join('');

export const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
export const toBytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');

export function redactBody(text: string, mimeType = 'application/json', redactor: Redactor = createRedactor()): string {
  return toText(redactor.body(toBytes(text), mimeType).bytes);
}

/** Runs chunks through a stream; one output for every input is checked by the caller's use of the result. */
export function redactChunks(
  chunks: readonly Uint8Array[],
  mimeType: string,
  redactor = createRedactor(),
): Uint8Array[] {
  const stream = redactor.stream(mimeType);
  return [...chunks.flatMap((chunk) => stream.push(chunk)), ...stream.end()];
}

export const join = (chunks: readonly Uint8Array[]): string => toText(Buffer.concat(chunks));

/** A text and what it says when JSON escapes, percent-encoding and base64 are undone. */
export function everyView(text: string): string[] {
  const views = [text];
  for (let level = 0; level < 5; level++) views.push(undoEscapes(views.at(-1)!));
  for (const view of [...views])
    views.push(view.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))));
  for (const word of text.match(/[A-Za-z0-9+/_-]{8,}/g) ?? []) {
    for (const cut of [0, 1, 2, 3]) views.push(Buffer.from(word.slice(cut), 'base64').toString('latin1'));
  }
  return views;
}

function undoEscapes(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-f]{4})|(["\\/nrt]))/gi, (_, hex: string | undefined, char: string) =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : ({ n: '\n', r: '\r', t: '\t' }[char] ?? char),
  );
}

export function holds(text: string, secret: string): boolean {
  return everyView(text).some((view) => view.includes(secret));
}
