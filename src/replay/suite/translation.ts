import type { Entry } from '../../cassette/format.ts';
import { eventChunks, type Leg, legOf, type RecordedExchange } from '../../cassette/legs.ts';
import { TapedeckError } from '../../errors.ts';
import { asObject, parseData } from '../../protocols/grammar.ts';
import { translateWhole } from '../../proxy/translated/answer.ts';
import { isEventStream, passTranslated } from '../../proxy/translated/pass.ts';
import { type Prepared, prepareRequest } from '../../proxy/translated/request.ts';
import { createTranslation, type FindHop, type Translation } from '../../proxy/translated/setup.ts';
import { parseBaseUrl } from '../../route/base-url.ts';
import { classify, type Endpoint } from '../../route/endpoints.ts';
import { createContext } from '../../translate/context.ts';
import { type Dialect, defaultDialect, findDialect } from '../../translate/dialects.ts';
import { readProviderError, writeClientError } from '../../translate/error.ts';
import { estimateTokens } from '../../translate/messages-responses/count-tokens.ts';
import type { Hop, TranslateContext } from '../../translate/types.ts';
import { fromUtf8 } from '../../util/bytes.ts';
import { fromHarHeaders } from '../../util/headers.ts';
import type { Loss, Protocol } from '../../util/types.ts';

/** Something that was made anew, or why it cannot be. */
export type Made<T> = { ok: true; value: T } | { ok: false; reason: string } | { ok: false; fault: string };

/** A request that was translated anew. */
export interface MadeRequest {
  prepared: Prepared;
  /** Both sides speak one protocol. */
  passed: boolean;
  /** Ids that the translation took from its context, which the way back goes on from. */
  ids: number;
}

/** An answer that was translated anew. */
export interface MadeAnswer {
  status: number;
  text: string;
  losses: Loss[];
}

/** Translates the exchanges of one cassette anew, as the proxy did when it was recorded. */
export class Retranslator {
  /** Holds the conversations that later exchanges go on with by `previous_response_id`. */
  readonly #translation: Translation;
  #findHop: FindHop = (client, upstream) => {
    if (client === upstream) return undefined;
    throw new TapedeckError('internal', `Nothing was prepared to translate ${client} to ${upstream}.`);
  };

  constructor() {
    const base = parseBaseUrl('http://127.0.0.1/v1');
    this.#translation = createTranslation(base, { protocol: 'responses' }, (from, to) => this.#findHop(from, to));
  }

  /** Loads what it takes to translate an exchange: many files, which cassettes without translation can do without. */
  async prepare({ client, attempts }: RecordedExchange): Promise<void> {
    const isCarried = ({ _producer: { how, model } }: Entry) => model !== undefined || how?.includes('->');
    if (![client, ...attempts].some(isCarried)) return;
    this.#findHop = (await import('../../translate/hops.ts')).findHop;
  }

  /** The way between two protocols, with those conversations. */
  hop(client: Protocol, upstream: Protocol): Hop | undefined {
    return this.#translation.hop(client, upstream);
  }

  /** Of the exchange that was last asked about, by attempt: several checks ask for the same. */
  #known = new Known();

  /** The upstream request of an attempt. */
  request(exchange: RecordedExchange, attempt: Entry): Made<MadeRequest> {
    return once(this.#of(exchange).requests, attempt, () => this.#translate(exchange, attempt));
  }

  #translate(exchange: RecordedExchange, attempt: Entry): Made<MadeRequest> {
    const setup = setupOf(exchange, attempt);
    if (!setup.ok) return setup;
    const { client, upstream, dialect, model } = setup.value;
    const body = readableBody(legOf(exchange, 'client-request'));
    if (!body.ok) return body;
    const bytes = Buffer.from(body.value.buffer, body.value.byteOffset, body.value.byteLength);
    // What goes up as it came need not be read.
    if (model === undefined && !this.#translation.hop(client, upstream)) {
      return { ok: true, value: { prepared: { body: bytes, stream: false, losses: [] }, passed: true, ids: 0 } };
    }
    const base = createContext(exchange.client._seed, dialect);
    let ids = 0;
    const context: TranslateContext = {
      ...base,
      newId(prefix) {
        ids += 1;
        return base.newId(prefix);
      },
    };
    const prepared = prepareRequest(bytes, {
      client,
      upstream,
      compact: endpointOf(exchange) === 'responses.compact',
      translation: { hop: (from, to) => this.#translation.hop(from, to), models: () => model },
      context,
    });
    if ('problem' in prepared) {
      return { ok: false, fault: `the request is refused now: ${prepared.problem.message}` };
    }
    return { ok: true, value: { prepared, passed: !prepared.back, ids } };
  }

  /** Whether the answer is translated read by read; otherwise it is read whole first. */
  isStreamed(exchange: RecordedExchange, attempt: Entry, { prepared }: MadeRequest): boolean {
    const isPassed = () => this.#pass(exchange, attempt, prepared, () => {}) !== undefined;
    return once(this.#of(exchange).streamed, attempt, isPassed);
  }

  /** The client's stream for the provider's reads as they were recorded. */
  recordedStream(exchange: RecordedExchange, attempt: Entry, made: MadeRequest, source: Leg): MadeAnswer {
    return once(this.#of(exchange).streams, attempt, () => this.stream(exchange, attempt, made, recordedReads(source)));
  }

  /** The client's stream for these reads of the provider's. */
  stream(exchange: RecordedExchange, attempt: Entry, made: MadeRequest, chunks: Iterable<Uint8Array>): MadeAnswer {
    const losses: Loss[] = [];
    const prepared = this.#afresh(exchange, made);
    const passing = this.#pass(exchange, attempt, prepared, (more) => losses.push(...more))!;
    const parts: string[] = [];
    for (const chunk of chunks)
      parts.push(String(passing.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))));
    const end = sourceEnd(attempt);
    if (end !== undefined) parts.push(String(passing.end(end)));
    return { status: passing.head.status, text: parts.join(''), losses };
  }

  /** The client's answer for one that came whole. */
  whole(exchange: RecordedExchange, attempt: Entry, made: MadeRequest): Made<MadeAnswer> {
    return once(this.#of(exchange).answers, attempt, () => this.#whole(exchange, attempt, made));
  }

  #whole(exchange: RecordedExchange, attempt: Entry, made: MadeRequest): Made<MadeAnswer> {
    const bytes = readableBody(legOf(exchange, 'upstream-response', attempt._attempt));
    if (!bytes.ok) return bytes;
    const { status, headers } = attempt.response;
    if (status >= 300) {
      const facts = readProviderError({ status, text: fromUtf8(bytes.value) });
      return { ok: true, value: { ...writeClientError(exchange.protocol!, facts), losses: [] } };
    }
    const prepared = this.#afresh(exchange, made);
    const whole = translateWhole(prepared.back!, bytes.value, isEventStream(fromHarHeaders(headers)));
    if (!whole.ok) return { ok: false, fault: `the answer cannot be translated now: ${whole.message}` };
    return { ok: true, value: { status: whole.status, text: whole.text, losses: whole.losses } };
  }

  /**
   * Takes in what a later exchange of the same conversation goes on from, whether this one is judged or not. Codex says `store: false` over
   * HTTP, and then there is nothing to remember.
   */
  remember(exchange: RecordedExchange): void {
    const attempt = exchange.attempts.at(-1);
    const source = attempt && legOf(exchange, 'upstream-response', attempt._attempt);
    if (!attempt || !source?.body || exchange.protocol !== 'responses') return;
    if (/"store" ?: ?false/.test(legOf(exchange, 'client-request')?.body?.text ?? '')) return;
    const made = this.request(exchange, attempt);
    if (!made.ok || made.value.passed) return;
    if (this.isStreamed(exchange, attempt, made.value)) {
      this.recordedStream(exchange, attempt, made.value, source);
    } else this.whole(exchange, attempt, made.value);
  }

  #of(exchange: RecordedExchange): Known {
    if (this.#known.exchange !== exchange) this.#known = new Known(exchange);
    return this.#known;
  }

  #pass(exchange: RecordedExchange, attempt: Entry, prepared: Prepared, onLoss: (losses: readonly Loss[]) => void) {
    const { status, headers } = attempt.response;
    return passTranslated(exchange.protocol!, prepared, status, fromHarHeaders(headers), [], onLoss);
  }

  /** The way back counts ids on from the request; every run of it begins at the same one. */
  #afresh({ client }: RecordedExchange, { prepared, ids }: MadeRequest): Prepared {
    const { back } = prepared;
    if (!back) return prepared;
    const context = createContext(client._seed, back.context.dialect);
    for (let i = 0; i < ids; i++) context.newId('');
    return { ...prepared, back: { ...back, context: { ...context, plan: back.context.plan } } };
  }
}

/** What was made anew of an exchange. */
class Known {
  readonly exchange: RecordedExchange | undefined;
  readonly requests = new Map<Entry, Made<MadeRequest>>();
  readonly streamed = new Map<Entry, boolean>();
  readonly streams = new Map<Entry, MadeAnswer>();
  readonly answers = new Map<Entry, Made<MadeAnswer>>();

  constructor(exchange?: RecordedExchange) {
    this.exchange = exchange;
  }
}

/** What is known of an attempt, or is made now. */
function once<T>(known: Map<Entry, T>, attempt: Entry, make: () => T): T {
  if (!known.has(attempt)) known.set(attempt, make());
  return known.get(attempt)!;
}

/** The tokens that the proxy estimates where the provider counts none; undefined for any other exchange. */
export function madeTokenCount(exchange: RecordedExchange): string | undefined {
  const { _producer: producer } = exchange.client;
  if (exchange.attempts.length > 0 || producer.name !== 'tapedeck' || !producer.how?.includes('->')) return undefined;
  if (endpointOf(exchange) !== 'messages.count_tokens') return undefined;
  const body = asObject(parseData(legOf(exchange, 'client-request')?.body?.text ?? ''));
  return body && JSON.stringify({ input_tokens: estimateTokens(body) });
}

function endpointOf({ client }: RecordedExchange): Endpoint {
  return classify(client.request.method, client.request.url).endpoint;
}

interface Setup {
  client: Protocol;
  upstream: Protocol;
  dialect: Dialect;
  model: string | undefined;
}

function setupOf({ client }: RecordedExchange, attempt: Entry): Made<Setup> {
  const { name, how = '', model } = attempt._producer;
  if (name !== 'tapedeck') return { ok: false, reason: `the upstream side was made by ${name}` };
  const passed = how === 'passthrough';
  const [from, to] = passed ? [client._protocol, attempt._protocol ?? client._protocol] : how.split('->');
  if (passed && from && from !== to) {
    return { ok: false, fault: `the recording says that ${to} was passed on to a client of ${from}` };
  }
  if (!isProtocol(from) || !isProtocol(to))
    return { ok: false, reason: 'the exchange is of no protocol that is translated' };
  const table = dialectOf(attempt, to);
  return table.ok ? { ok: true, value: { client: from, upstream: to, dialect: table.value, model } } : table;
}

/** The provider's table that was in force in an attempt. */
export function dialectOf({ _producer: { how, dialect } }: Entry, protocol: Protocol): Made<Dialect> {
  const table = how === 'passthrough' ? defaultDialect(protocol) : findDialect(dialect ?? '', protocol);
  if (table) return { ok: true, value: table };
  if (dialect === undefined) return { ok: false, reason: 'the cassette does not say which dialect was in force' };
  return { ok: false, fault: `there is no dialect ${JSON.stringify(dialect)} of ${protocol} any more` };
}

function isProtocol(text: string | null | undefined): text is Protocol {
  return text === 'responses' || text === 'chat' || text === 'messages';
}

/** The decoded body of a leg, where it is known whole. */
export function readableBody(leg: Leg | undefined): Made<Uint8Array> {
  if (!leg) return { ok: false, reason: 'the leg is absent' };
  const isRequest = leg.name.endsWith('-request');
  const fields = isRequest ? leg.entry.request.postData : leg.entry.response.content;
  if (fields?._cut) return { ok: false, reason: `the body is cut: ${fields._cut} bytes are missing at its end` };
  if (isRequest && leg.entry.request._incomplete) return { ok: false, reason: 'the request did not arrive whole' };
  if (!leg.body) return { ok: true, value: new Uint8Array(0) };
  if (!leg.body.decoded) return { ok: false, reason: 'the body could not be decoded' };
  return { ok: true, value: leg.body.decoded };
}

/** The provider's reads as they were recorded. */
export function recordedReads(leg: Leg): Uint8Array[] {
  return eventChunks(leg).map(({ data }) => data);
}

/**
 * How the translator was told that the source ended: undefined when it was not, because the client went away or the proxy was stopped.
 */
export function sourceEnd({ _end }: Entry): 'done' | 'truncated' | undefined {
  if (_end === undefined || _end.how === 'complete') return 'done';
  return _end.by === 'upstream' ? 'truncated' : undefined;
}
