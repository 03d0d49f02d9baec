import type { RawHeaders } from '../../util/types.ts';
import { headerKind, looksLikeCredential, splitScheme } from './credentials.ts';
import { type FinderOptions, type Found, findSecrets } from './finder.ts';
import { findParameters } from './parameters.ts';
import { spliceText } from './splice.ts';
import { PLACEHOLDER, type Vault } from './vault.ts';
import { fromUtf8Latin1, toUtf8Latin1 } from './views.ts';

const ADDRESS_HEADERS = new Set(['location', 'content-location', 'referer']);

/** Replaces the credentials of one message's headers. Their values are learned before any is searched for. */
export function redactHeaders(raw: RawHeaders, vault: Vault, finder: FinderOptions): string[] {
  for (let i = 0; i + 1 < raw.length; i += 2) learnHeader(raw[i]!, raw[i + 1]!, vault);
  return raw.map((text, i) => {
    if (i % 2 === 0) return text;
    const name = raw[i - 1]!.toLowerCase();
    const kind = headerKind(name, text);
    if (kind === 'cookie') return redactCookies(name, text, vault);
    if (kind !== undefined) return redactValue(kind, text, vault);
    return ADDRESS_HEADERS.has(name) ? redactUrl(text, vault, finder) : redactText(text, vault, finder);
  });
}

/** Replaces the credentials of a request target or URL. */
export function redactUrl(url: string, vault: Vault, finder: FinderOptions): string {
  const redact = (text: string) => {
    const found = findParameters(text, finder);
    for (const { kind, value, placed } of found) if (placed && looksLikeCredential(value)) vault.learn(kind, value);
    return spliceText(text, found, nameIn(vault));
  };
  return vault.redactOnce('url', url, (text) => onBytes(text, redact));
}

function redactText(value: string, vault: Vault, finder: FinderOptions): string {
  const redact = (text: string) =>
    spliceText(text, findSecrets({ text, from: 0, final: true }, finder).found, nameIn(vault));
  return vault.redactOnce('text', value, (text) => onBytes(text, redact));
}

function redactValue(kind: string, text: string, vault: Vault): string {
  const { scheme, value } = splitScheme(text);
  if (value.trim() === '' || PLACEHOLDER.test(value)) return text;
  return scheme + vault.replace(kind, onBytes(value));
}

/** Cookie names and attributes stay (RFC 6265 sections 4.1.1 and 4.2.1). */
function redactCookies(name: string, text: string, vault: Vault): string {
  const pairs = name === 'cookie' ? /(?<=^|;)([^=;]*=)([^;]+)/g : /^([^=;]*=)([^;]+)/g;
  if (!text.includes('=')) return text.trim() === '' || PLACEHOLDER.test(text) ? text : vault.replace('cookie', text);
  return text.replace(pairs, (pair, before: string, value: string) =>
    PLACEHOLDER.test(value) ? pair : before + vault.replace('cookie', onBytes(value)),
  );
}

function learnHeader(name: string, text: string, vault: Vault): void {
  const kind = headerKind(name, text);
  if (kind === undefined) return;
  if (kind === 'cookie') {
    for (const [, value] of text.matchAll(/=([^;,\s]+)/g)) if (looksLikeCredential(value!)) vault.learn(kind, value!);
    return;
  }
  const { scheme, value } = splitScheme(text);
  // A value with blanks is a list of parts, signed for this request alone (AWS, Digest); an account may be a plain word.
  if (/[\s,]/.test(value) || (kind === 'account' && !looksLikeCredential(value))) return;
  vault.learn(kind, toBytes(value));
  if (scheme.toLowerCase().startsWith('basic')) learnBasic(value, vault);
}

/** RFC 7617: user and password, each of which may turn up alone. */
function learnBasic(value: string, vault: Vault): void {
  const pair = Buffer.from(value, 'base64').toString('latin1');
  const colon = pair.indexOf(':');
  if (colon < 0) return;
  vault.learn('authorization', pair);
  vault.learn('authorization', pair.slice(colon + 1));
}

function nameIn(vault: Vault): (secret: Found) => string {
  return (secret) => vault.replace(secret.kind, secret.value);
}

/** Header values are latin1 where they come from a socket; other strings are worked on as UTF-8. */
function onBytes(text: string, work: (bytes: string) => string = (bytes) => bytes): string {
  const bytes = toBytes(text);
  return bytes === text ? work(text) : fromUtf8Latin1(work(bytes));
}

function toBytes(text: string): string {
  return /^[\0-\xff]*$/.test(text) ? text : toUtf8Latin1(text);
}
