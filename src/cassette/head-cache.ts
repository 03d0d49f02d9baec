import { Buffer } from 'node:buffer';
import { readCodings } from '../decode/codings.ts';
import { headerValue } from '../util/headers.ts';
import type { RawHeaders } from '../util/types.ts';
import { jsonBytes } from './bytes-json.ts';
import { RECORDING_LIMITS } from './limits.ts';
import type { Redactor } from './redact.ts';
import { textsOf } from './tape-player.ts';

/** What a body is told by. */
export interface BodyFacts {
  mimeType: string;
  /** In the order applied, without `identity`. */
  encodings: readonly string[];
}

/** A head as it is on the tape, and what was found out about it. */
export interface Head {
  /** A list: method, URL and version, or reason phrase and version, then the headers. */
  readonly list: Uint8Array;
  /** 0 of a request. */
  readonly status: number;
  /** What the headers say about the body, as they were sent. */
  readonly body: BodyFacts;
  /** Redacted, as JSON, one character a byte; and when that was. */
  json: string;
  redactedAt: number;
}

/** Heads that are looked at before all others: what a few connections of the same client say again and again. */
const RECENT = 16;
const NEVER = -1;

/**
 * Redacts the heads of messages. The same head comes again with every request of a connection, and redacting it costs more
 * than all else that is done with it, so what became of it is remembered, for as long as no credential was learned since:
 * headers and bodies may teach one that stands in a place where nobody would look for it.
 */
export class HeadCache {
  readonly redactor: Redactor;
  readonly #recent: Head[] = [];
  #next = 0;
  readonly #known = new Map<string, Head>();
  /** How often something was learned. */
  #learned = 0;
  /** Headers that hold credentials, by their text: they teach nothing new a second time. */
  readonly #taught = new Set<string>();

  constructor(redactor: Redactor) {
    this.redactor = redactor;
  }

  /** What is known of a head. @param list as it is on the tape; not kept */
  find(status: number, list: Uint8Array): Head {
    for (const head of this.#recent) {
      if (head.status === status && head.list.length === list.length && Buffer.compare(head.list, list) === 0)
        return head;
    }
    const key = `${status} ${Buffer.from(list.buffer, list.byteOffset, list.length).toString('latin1')}`;
    const head = this.#known.get(key) ?? newHead(status, list);
    this.#recent[this.#next] = head;
    this.#next = (this.#next + 1) % RECENT;
    if (key.length <= RECORDING_LIMITS.headLength) {
      if (this.#known.size >= RECORDING_LIMITS.heads) this.#known.clear();
      this.#known.set(key, head);
    }
    return head;
  }

  /** A head, redacted, as JSON, one character a byte. */
  json(head: Head): string {
    if (head.redactedAt === this.#learned) return head.json;
    head.json = head.status === 0 ? this.#redactRequest(head.list) : this.#redactResponse(head.list, head.status);
    head.redactedAt = this.#learned;
    return head.json;
  }

  /** Something was redacted: all that was remembered may hold it. */
  forget(): void {
    this.#learned += 1;
    this.#taught.clear();
  }

  #redactRequest(list: Uint8Array): string {
    const [method = '', target = '', httpVersion = '', ...raw] = textsOf(list);
    // Headers first: what stands in a credential's place there is then known in the URL and in the body.
    const headers = this.headers(raw);
    const url = this.#clean(absoluteUrl(target, raw), (text) => this.redactor.url(text));
    return jsonBytes({ method, url, httpVersion, headers });
  }

  #redactResponse(list: Uint8Array, status: number): string {
    const [text = '', httpVersion = '', ...raw] = textsOf(list);
    const headers = this.headers(raw);
    const statusText = this.#clean(text, (one) => this.redactor.text(one));
    return jsonBytes({ status, statusText, httpVersion, headers });
  }

  /** Headers or trailers, redacted. */
  headers(raw: RawHeaders): string[] {
    const redacted = this.redactor.headers(raw);
    const credentials: string[] = [];
    for (let i = 0; i + 1 < raw.length; i += 2) {
      if (raw[i + 1] !== redacted[i + 1] || raw[i] !== redacted[i]) credentials.push(raw[i]!, raw[i + 1]!);
    }
    if (credentials.length > 0) this.#learn(JSON.stringify(credentials));
    return redacted;
  }

  #learn(credentials: string): void {
    if (this.#taught.has(credentials)) return;
    this.#learned += 1;
    if (this.#taught.size >= RECORDING_LIMITS.taughtHeaders) this.#taught.clear();
    this.#taught.add(credentials);
  }

  #clean(text: string, redact: (text: string) => string): string {
    const redacted = redact(text);
    if (redacted !== text) this.#learn(text);
    return redacted;
  }
}

function newHead(status: number, list: Uint8Array): Head {
  const headers = textsOf(list).slice(status === 0 ? 3 : 2);
  const { encodings } = readCodings(headerValue(headers, 'content-encoding'));
  const body = { mimeType: headerValue(headers, 'content-type') ?? '', encodings };
  return { list: Uint8Array.from(list), status, body, json: '', redactedAt: NEVER };
}

/**
 * HAR wants an absolute URL; a request line has one only towards a proxy (RFC 9112 section 3.2). The target is appended
 * as it is, so that the reader gets it back by cutting the origin off.
 */
function absoluteUrl(target: string, headers: RawHeaders): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(target)) return target;
  const host = headerValue(headers, 'host') || 'localhost';
  return `http://${host}${target.startsWith('/') ? '' : '/'}${target}`;
}
