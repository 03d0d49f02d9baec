import type { Entry } from '../../../cassette/format.ts';
import { type Leg, legOf, type RecordedExchange } from '../../../cassette/legs.ts';
import { TapedeckError } from '../../../errors.ts';
import { fromUtf8 } from '../../../util/bytes.ts';
import { createMatcher } from '../../match.ts';
import type { Call } from '../../polly/call.ts';
import type { CallDeck } from '../../polly/call-deck.ts';
import { withFailedConnection } from '../../polly/failed-connections.ts';
import { type CassetteMiss, missOf } from '../../polly/missed.ts';
import { framingOf, writtenFields } from '../../polly/sent-head.ts';
import type { Recording } from '../../recording.ts';
import type { TargetBase } from '../../request.ts';
import { compareDocuments } from '../compare.ts';

/** A request that the proxy sent upstream. */
export interface AskedRequest {
  method: string;
  /** Absolute. */
  url: string;
  /** As they were handed to the dispatcher. */
  fields: readonly string[];
  /** As undici writes them, framing included. */
  headers: readonly string[];
  /** As it crosses the wire, and decoded. */
  wire: Buffer;
  body: Uint8Array;
  /** The recorded attempt that it was answered with; undefined: none is like it. */
  attempt: number | undefined;
}

/**
 * What upstream calls of the proxy are answered from: the recorded attempts of the exchange that is on. Others are not looked at, so
 * that an exchange is judged alike whatever else of its cassette is judged. A call gets the first attempt that it equals by the rules of matching;
 * each is given once.
 */
export class Stage implements CallDeck {
  readonly misses: CassetteMiss[] = [];
  split: CallDeck['split'];
  #base: TargetBase | undefined;
  #exchange: RecordedExchange | undefined;
  #left: Entry[] = [];
  #asked: AskedRequest[] = [];

  /**
   * Puts an exchange on.
   * @param base URL of the recorded upstream
   * @param split cuts the bytes of answers into other reads than the recorded ones
   */
  enter(exchange: RecordedExchange, base: TargetBase, split?: CallDeck['split']): void {
    this.#base = base;
    this.#exchange = withFailedConnection(exchange);
    this.#left = [...this.#exchange.attempts];
    this.#asked = [];
    this.misses.length = 0;
    this.split = split;
  }

  /** What was asked since, in its order. */
  get asked(): readonly AskedRequest[] {
    return this.#asked;
  }

  async find(call: Call): Promise<Recording | undefined> {
    const asked: AskedRequest = {
      method: call.method,
      url: call.url,
      fields: call.headers,
      // Before its bytes are read, since then it is a body of known length.
      headers: [...writtenFields(call), ...framingOf(call)],
      wire: await call.bytes(),
      body: await call.decoded(),
      attempt: undefined,
    };
    this.#asked.push(asked);
    const recording = this.#same(asked) ?? this.#match(asked, call) ?? this.#unknowable(asked);
    if (!recording) return undefined;
    call.miss = undefined;
    this.#left = this.#left.filter((entry) => entry !== recording.entry);
    asked.attempt = recording.attempt;
    return recording;
  }

  async record(): Promise<void> {
    throw new TapedeckError('internal', 'A replay has nothing to record to.');
  }

  async finish(): Promise<void> {}

  /** Equal bytes match at every level, and need no rules to be found. */
  #same(asked: AskedRequest): Recording | undefined {
    return this.#find(asked, ({ body }) => Buffer.compare(body?.decoded ?? Buffer.alloc(0), asked.body) === 0);
  }

  /** Nobody knows whether they differ: where they do, there is a text that redaction or elision took away. */
  #unknowable(asked: AskedRequest): Recording | undefined {
    return this.#find(asked, ({ body }) => {
      return body?.text !== undefined && compareDocuments(body.text, fromUtf8(asked.body)).how !== 'different';
    });
  }

  #find({ method, url }: AskedRequest, isLike: (recorded: Leg) => boolean): Recording | undefined {
    const exchange = this.#exchange!;
    const entry = this.#left.find(({ request, _attempt }) => {
      if (request.method !== method || request.url !== url) return false;
      return isLike(legOf(exchange, 'upstream-request', _attempt)!);
    });
    return entry && { exchange, entry, attempt: entry._attempt ?? 1 };
  }

  #match({ method, url, body }: AskedRequest, call: Call): Recording | undefined {
    const exchange = { ...this.#exchange!, attempts: this.#left };
    const base = this.#base ? { base: this.#base } : {};
    const matcher = createMatcher([exchange], { level: 'shape', repeat: 'none', side: 'upstream', ...base });
    const found = matcher.match({ method, target: url, body });
    if ('hit' in found) return found.hit;
    call.miss = missOf(found.miss);
    return undefined;
  }
}
