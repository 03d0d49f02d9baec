import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EntryEnd, Producer } from '../../cassette/format.ts';
import { decodeBody } from '../../decode/body.ts';
import { LIMITS } from '../../decode/limits.ts';
import { errorText, type ProtocolProblem } from '../../protocols/errors.ts';
import { asObject, parseData } from '../../protocols/grammar.ts';
import { countLosses, weighLoss } from '../../protocols/loss-weights.ts';
import { breakOff, writtenHead } from '../../respond/http.ts';
import { respondWhole, respondWholeSoon } from '../../respond/whole.ts';
import { createContext } from '../../translate/context.ts';
import { readProviderError, retryHeaders, writeClientError } from '../../translate/error.ts';
import { estimateTokens } from '../../translate/messages-responses/count-tokens.ts';
import type { Refusal } from '../../translate/types.ts';
import type { Upstream } from '../../upstream/client.ts';
import { type Credentials, withCredentials } from '../../upstream/credentials/api-key.ts';
import { carryHeaders } from '../../upstream/credentials/carry.ts';
import { fromUtf8 } from '../../util/bytes.ts';
import { headerValue } from '../../util/headers.ts';
import { dropHopByHop } from '../../util/hop-by-hop.ts';
import type { Loss, Outcome, Protocol } from '../../util/types.ts';
import { VERSION } from '../../util/version.ts';
import type { Exchange } from '../exchange.ts';
import { announcedTooLarge, tapRequestBody, whenDecoded } from '../request-body.ts';
import { translateWhole } from './answer.ts';
import { answerHeaders, isEventStream, passTranslated, passUntouched } from './pass.ts';
import { type HeldAnswer, TranslatedRelay } from './relay.ts';
import { type Prepared, prepareRequest } from './request.ts';
import { NO_SUCH_ENDPOINT, type Translation } from './setup.ts';
import { unlessTooDeep } from './too-deep.ts';

const OWN_ERROR = (): Producer => ({ name: 'tapedeck', version: VERSION, how: 'error' });

/** Not the same for the next hop: undici writes its own `host`, answers `expect` itself, and the body has been decoded. */
const NOT_UPSTREAM = new Set(['host', 'expect', 'content-encoding', 'content-length']);

export interface TranslatedSetup {
  upstream: Upstream;
  credentials: Credentials | undefined;
  translation: Translation;
}

/**
 * One exchange with a provider that may speak another protocol than the client: the request is read whole and translated, what comes
 * back is translated as it comes. With `auto` the protocols are tried in turn, each in an attempt of its own.
 */
export class TranslatedExchange {
  readonly #setup: TranslatedSetup;
  readonly #exchange: Exchange;
  readonly #client: Protocol;
  readonly #response: ServerResponse;
  readonly #onEnd: (outcome: Outcome, end: EntryEnd) => void;
  #relay: TranslatedRelay | undefined;
  #over = false;

  /** @param onEnd called exactly once */
  constructor(
    setup: TranslatedSetup,
    exchange: Exchange,
    client: Protocol,
    response: ServerResponse,
    onEnd: (outcome: Outcome, end: EntryEnd) => void,
  ) {
    this.#setup = setup;
    this.#exchange = exchange;
    this.#client = client;
    this.#response = response;
    this.#onEnd = onEnd;
  }

  start(request: IncomingMessage): void {
    const { tap, clock } = this.#exchange;
    const oversize = announcedTooLarge(request);
    tapRequestBody(request, clock, tap?.clientRequest, (problem) => this.#refuse(problem));
    this.#response.on('close', () => {
      if (!this.#relay) this.#finish('client-aborted', { by: 'client', how: 'closed', ms: clock() });
    });
    if (oversize) {
      this.#refuse(oversize);
      return;
    }
    whenDecoded(
      request,
      (body) => {
        if (!body.ok) this.#refuse(body.problem);
        else this.#attempt(body.bytes, this.#setup.translation.protocols.candidates(this.#client));
      },
      () => this.#finish('client-aborted', { by: 'client', how: 'closed', ms: clock() }),
    );
  }

  /** Ends the exchange because the proxy is closing. */
  stop(): void {
    if (this.#relay) this.#relay.stop();
    else {
      breakOff(this.#response);
      const detail = 'the proxy was stopped';
      this.#finish('client-aborted', { by: 'tapedeck', how: 'closed', ms: this.#exchange.clock(), detail });
    }
  }

  #attempt(bytes: Buffer, [protocol, ...others]: readonly Protocol[]): void {
    if (protocol === undefined || this.#over) return;
    const { upstream, translation } = this.#setup;
    const context = createContext(this.#exchange.seed, translation.dialect(protocol));
    const { endpoint } = this.#exchange;
    if (endpoint === 'messages.count_tokens' && protocol !== 'messages') {
      this.#answerTokens(bytes, protocol);
      return;
    }
    const compact = endpoint === 'responses.compact';
    const prepared = prepareRequest(bytes, { client: this.#client, upstream: protocol, compact, translation, context });
    if ('problem' in prepared) {
      this.#refuse(prepared.problem, prepared.details);
      return;
    }
    if (translation.onLoss === 'reject' && prepared.losses.some((loss) => weighLoss(loss) === 'semantic')) {
      this.#refuse(lossProblem(prepared.losses));
      return;
    }
    this.#exchange.tap?.losses(prepared.losses);
    if (prepared.back) {
      // The client's query is of its own protocol (Claude Code sends `?beta=true`).
      this.#exchange.upstream = translation.target(protocol);
    }
    const extra =
      translation.onLoss === 'warn' && prepared.losses.length > 0
        ? ['x-tapedeck-losses', lossCounts(prepared.losses)]
        : [];
    const movesOn = (status: number) => others.length > 0 && NO_SUCH_ENDPOINT.has(status);
    const relay = new TranslatedRelay({
      exchange: this.#exchange,
      response: this.#response,
      body: prepared.body,
      protocol,
      producer: () => this.#producer(prepared, protocol),
      limit: LIMITS.response.decoded,
      pass: (status, headers, statusText) => {
        if (movesOn(status)) return undefined;
        // A refusal may come from anything in front of the endpoint, and would bind all requests to come.
        if (status < 300) translation.protocols.found(protocol);
        if (!prepared.back) return passUntouched(this.#client, status, statusText, headers);
        return passTranslated(this.#client, prepared, status, headers, extra, (losses) => this.#lost(losses));
      },
      held: (held) => {
        if (movesOn(held.status)) this.#attempt(bytes, others);
        else this.#tell(held, prepared, protocol, extra);
      },
      failed: (failure) => {
        const text = errorText(this.#client, failure);
        this.#answer(failure.status, 'application/json', text, [], OWN_ERROR, failure.outcome, failure.message);
      },
      done: (outcome, end) => this.#finish(outcome, end),
    });
    this.#relay = relay;
    const headers = this.#headers(prepared, protocol);
    const { origin, path } = this.#exchange.upstream;
    upstream.send({ origin, path, method: 'POST', headers, body: prepared.body }, relay);
  }

  #headers(prepared: Prepared, protocol: Protocol): string[] {
    const { headers } = this.#exchange;
    const { credentials } = this.#setup;
    if (prepared.back) return carryHeaders(headers, protocol, prepared.stream, credentials);
    const kept = dropHopByHop(headers, NOT_UPSTREAM);
    return credentials ? withCredentials(kept, credentials, protocol) : kept;
  }

  #producer(prepared: Prepared, protocol: Protocol): Producer {
    const own = { name: 'tapedeck', version: VERSION };
    const renamed = prepared.model === undefined ? {} : { model: prepared.model };
    if (!prepared.back) return { ...own, how: 'passthrough', ...renamed };
    return { ...own, how: `${this.#client}->${protocol}`, dialect: prepared.back.context.dialect.name, ...renamed };
  }

  /** Tells the client an answer that was held until it was whole. */
  #tell(held: HeldAnswer, prepared: Prepared, protocol: Protocol, extra: readonly string[]): void {
    const coding = headerValue(held.headers, 'content-encoding');
    const tell = (bytes: Uint8Array) => this.#tellDecoded(held, bytes, prepared, protocol, extra);
    if (coding === undefined) {
      tell(held.bytes);
      return;
    }
    void decodeBody(held.bytes, coding, LIMITS.response).then((decoded) => {
      if (decoded.ok) tell(decoded.bytes);
      else this.#refuse({ status: 502, code: 'upstream_coding', message: decoded.problem.message });
    });
  }

  #tellDecoded(
    held: HeldAnswer,
    bytes: Uint8Array,
    prepared: Prepared,
    protocol: Protocol,
    extra: readonly string[],
  ): void {
    const producer = () => this.#producer(prepared, protocol);
    const headers = [...answerHeaders(held.headers), ...extra];
    if (held.status >= 300) {
      const said = { status: held.status, text: fromUtf8(bytes) };
      const facts = unlessTooDeep(
        () => readProviderError(said),
        () => readProviderError({ ...said, text: '' }),
      );
      const { status, text } = writeClientError(this.#client, facts);
      const again = retryHeaders(held.headers, this.#exchange.startedAt);
      const rest = dropHopByHop(headers, new Set(['retry-after', 'retry-after-ms']));
      this.#answer(status, 'application/json', text, [...rest, ...again], producer, 'complete');
    } else {
      const whole = translateWhole(prepared.back!, bytes, isEventStream(held.headers));
      if (!whole.ok) {
        this.#refuse({ status: 502, code: 'upstream_answer', message: whole.message });
        return;
      }
      this.#lost(whole.losses);
      this.#answer(whole.status, whole.contentType, whole.text, headers, producer, 'complete');
    }
  }

  /** A provider that counts no tokens is not asked: an estimate, marked as one. */
  #answerTokens(bytes: Buffer, protocol: Protocol): void {
    const body = asObject(parseData(fromUtf8(bytes)));
    const tokens =
      body &&
      unlessTooDeep<number | undefined>(
        () => estimateTokens(body),
        () => undefined,
      );
    if (tokens === undefined) {
      const what = body ? 'is nested too deeply to be counted' : 'is no JSON object';
      this.#refuse({ status: 400, code: 'invalid_json', message: `The request body ${what}.` });
      return;
    }
    const text = JSON.stringify({ input_tokens: tokens });
    const how = () => ({ name: 'tapedeck', version: VERSION, how: `${this.#client}->${protocol}` });
    this.#answer(200, 'application/json', text, ['x-tapedeck-estimate', 'input_tokens'], how, 'complete');
  }

  #lost(losses: readonly Loss[]): void {
    this.#exchange.tap?.losses(losses);
  }

  #refuse(problem: ProtocolProblem, details?: Refusal['details']): void {
    const text = errorText(this.#client, problem, details);
    // A client that is still sending is not listened to any longer.
    const close = this.#relay ? [] : ['connection', 'close'];
    this.#answer(problem.status, 'application/json', text, close, OWN_ERROR, 'complete', problem.message);
  }

  /** Writes an answer that is whole, and ends the exchange. */
  #answer(
    status: number,
    contentType: string,
    text: string,
    headers: readonly string[],
    producer: () => Producer,
    outcome: Outcome,
    detail?: string,
  ): void {
    if (this.#over) return;
    const { tap, clock } = this.#exchange;
    // A request that is refused may have faults that end its connection as soon as they are read.
    const respond = this.#relay ? respondWholeSoon : respondWhole;
    respond(this.#response, status, contentType, text, headers);
    const written = tap?.clientResponse(clock(), writtenHead(this.#response), producer());
    written?.data(clock(), Buffer.from(text));
    const end: EntryEnd = { by: 'tapedeck', how: 'complete', ms: clock() };
    if (detail !== undefined) end.detail = detail;
    written?.end(end);
    this.#finish(outcome, end);
  }

  #finish(outcome: Outcome, end: EntryEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#exchange.tap?.close(outcome, end);
    this.#onEnd(outcome, end);
  }
}

/** A dictionary of RFC 9651. */
function lossCounts(losses: readonly Loss[]): string {
  const { hint, semantic } = countLosses(losses);
  return `hint=${hint}, semantic=${semantic}`;
}

function lossProblem(losses: readonly Loss[]): ProtocolProblem {
  const semantic = losses.filter((loss) => weighLoss(loss) === 'semantic');
  const named = semantic.slice(0, 5).map(({ path, reason }) => `${path || '/'}: ${reason}`);
  const more = semantic.length > named.length ? `; and ${semantic.length - named.length} more` : '';
  const message = `The translation would lose ${semantic.length} thing(s), and --on-loss is reject. ${named.join('; ')}${more}`;
  return { status: 400, code: 'translation_loss', message };
}
