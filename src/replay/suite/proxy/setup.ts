import type { CassetteHeader, Entry } from '../../../cassette/format.ts';
import { type Leg, legOf, type RecordedExchange } from '../../../cassette/legs.ts';
import { isOverWebSocket } from '../../../cassette/messages.ts';
import type { CarrySetup } from '../../../proxy/carry.ts';
import { createTranslation, type Translation } from '../../../proxy/translated/setup.ts';
import type { BaseUrl } from '../../../route/base-url.ts';
import type { Dialect } from '../../../translate/dialects.ts';
import type { Credentials } from '../../../upstream/credentials/api-key.ts';
import { describeFailure } from '../../../upstream/failure.ts';
import { harHeaderValue } from '../../../util/headers.ts';
import type { Protocol } from '../../../util/types.ts';
import { planAnswer } from '../../answer.ts';
import { withFailedConnection } from '../../polly/failed-connections.ts';
import { failureOf } from '../../polly/play-recording.ts';
import { dialectOf, type Made, madeTokenCount } from '../translation.ts';
import { baseOf } from './base.ts';

/** What of the proxy's flags can be read off an exchange. */
export interface ProxyPlan extends Pick<CarrySetup, 'credentials' | 'requestCoding'> {
  base: BaseUrl;
  translation: Omit<Translation, 'hop'> | undefined;
  /** The client's body, as it crossed the wire, or, where the cassette does not hold that, the view of it. */
  body: Uint8Array;
}

type Header = Pick<CassetteHeader, 'upstream'>;

/** Works out how the proxy was set up for an exchange; or why it cannot be run again on it. */
export function planRun(exchange: RecordedExchange, header: Header | undefined): Made<ProxyPlan> {
  const reason = whyNot(exchange);
  if (reason !== undefined) return { ok: false, reason };
  const base = baseOf(exchange, header);
  if (!base.ok) return base;
  if (!failsAlike(exchange, base.value.origin)) {
    return { ok: false, reason: 'the cassette does not hold the error that the connection upstream failed with' };
  }
  const translation = translationOf(exchange, base.value, header!.upstream.protocol);
  if (!translation.ok) return translation;
  const { body } = legOf(exchange, 'client-request')!;
  return {
    ok: true,
    value: {
      base: base.value,
      translation: translation.value,
      credentials: credentialsOf(exchange),
      requestCoding: requestCodingOf(exchange),
      body: body?.wire ?? body?.decoded ?? new Uint8Array(0),
    },
  };
}

/** Reasons, the most telling first. */
function whyNot(exchange: RecordedExchange): string | undefined {
  const { client, attempts, outcome } = exchange;
  const stranger = [client, ...attempts].find(({ _producer }) => _producer.name !== 'tapedeck');
  if (stranger) return `the ${stranger._side} side was made by ${stranger._producer.name}`;
  if (isOverWebSocket(client)) return 'messages of a WebSocket are handed through and have no upstream request';
  const upgrade = client.request.headers.some(({ name }) => name.toLowerCase() === 'upgrade');
  if (upgrade) return 'the request asks for another protocol than HTTP';
  if (outcome === 'recorder-killed') return 'the recording ended before the exchange did';
  if (outcome === 'client-aborted') {
    return client._end?.by === 'tapedeck' ? 'the proxy was stopped' : 'the client went away before the end';
  }
  if (client.response.status === 0) return 'no answer went to the client';
  if (attempts.length === 0 && client._producer.how !== 'error' && madeTokenCount(exchange) === undefined) {
    return 'there is no upstream side';
  }
  const unknown = [
    ...['client-request', 'client-response'].map((name) => legOf(exchange, name as Leg['name'])),
    ...attempts.map((attempt) => legOf(exchange, 'upstream-response', attempt._attempt)),
  ].flatMap((leg) => (leg ? [whyUnknown(leg)] : []));
  const first = unknown.find((reason) => reason !== undefined);
  if (first !== undefined) return first;
  if (isKeyPutBack(exchange)) return 'a key that was redacted was put back by hand on one side alone';
  if (attempts.slice(0, -1).some(({ response }) => response.status === 0)) {
    return 'the proxy sent the request again on another connection; what was wrong with the first one is not recorded';
  }
  return undefined;
}

/** Why the bytes of a leg cannot be sent again. */
function whyUnknown({ name, entry, body }: Leg): string | undefined {
  const isRequest = name.endsWith('-request');
  const fields = isRequest ? entry.request.postData : entry.response.content;
  if (isRequest && entry.request._incomplete) return 'the request did not arrive whole';
  if (fields?._cut) return `the body of the ${name} is cut: ${fields._cut} bytes are missing at its end`;
  if (!body || body.wire) return undefined;
  if (!body.decoded) return `the cassette does not hold the body of the ${name}`;
  if (body.facts && body.facts.encodings.length > 0) {
    return `redaction or elision changed the body of the ${name}, which was coded: its bytes on the wire are not kept`;
  }
  return undefined;
}

/** Whether an error that was told to the client is told again: of a connection's failure the cassette holds the kind and our own words. */
function failsAlike(exchange: RecordedExchange, origin: string): boolean {
  const { client } = exchange;
  const complete = withFailedConnection(exchange);
  const entry = complete.attempts.at(-1);
  if (client._producer.how !== 'error' || !entry || client._end?.by !== 'upstream') return true;
  const error = failureOf(entry, planAnswer({ exchange: complete, entry, attempt: entry._attempt ?? 1 }));
  return error !== undefined && describeFailure(error, origin).message === client._end.detail;
}

/** The protocols that the attempts were made in, with the dialect and the model's name that were in force. */
function translationOf(
  exchange: RecordedExchange,
  base: BaseUrl,
  provider: Protocol | null,
): Made<Omit<Translation, 'hop'> | undefined> {
  const { client, attempts } = exchange;
  const made = attempts.length > 0 ? attempts : [client];
  if (attempts.length === 0 && client._producer.how === 'error' && provider !== client._protocol && provider) {
    return { ok: false, reason: 'the cassette does not say which dialect was in force' };
  }
  const spoken = made.map((entry) => protocolOf(entry, client._protocol));
  const last = spoken.at(-1);
  const model = attempts.at(-1)?._producer.model;
  const carried = model !== undefined || spoken.some((protocol) => protocol !== client._protocol);
  if (!carried || !last) return { ok: true, value: undefined };
  const dialects = new Map<Protocol, Dialect>();
  for (const [i, entry] of attempts.entries()) {
    const dialect = dialectOf(entry, spoken[i]!);
    if (!dialect.ok) return dialect;
    dialects.set(spoken[i]!, dialect.value);
  }
  const options = {
    protocol: new Set(spoken).size > 1 ? ('auto' as const) : last,
    onLoss: headerOf(client, 'x-tapedeck-losses') === undefined ? ('ignore' as const) : ('warn' as const),
  };
  // The hops are those of the cassette.
  const known = createTranslation(base, options, () => undefined);
  return {
    ok: true,
    value: {
      ...known,
      models: () => model,
      renames: model !== undefined,
      dialect: (protocol) => dialects.get(protocol) ?? known.dialect(protocol),
    },
  };
}

function protocolOf({ _producer: { how = '' } }: Entry, client: Protocol | null): Protocol | null {
  const [, to] = how.split('->');
  return (to as Protocol | undefined) ?? client;
}

/** What the upstream got in the place of the client's key: one of the proxy's own, or none where that key was for the proxy. */
function credentialsOf({ client, attempts: [attempt] }: RecordedExchange): Credentials | undefined {
  const got = attempt && keyOf(attempt);
  return !attempt || got === keyOf(client) ? undefined : { key: got };
}

/** The recorder redacts the keys of both sides, or finds none; where only one is redacted, the two can no longer be compared. */
function isKeyPutBack({ client, attempts: [attempt] }: RecordedExchange): boolean {
  const keys = [keyOf(client), attempt && keyOf(attempt)].filter((key) => key !== undefined);
  return keys.length === 2 && new Set(keys.map((key) => key.includes('[redacted:'))).size === 2;
}

function keyOf({ request }: Entry): string | undefined {
  const { headers } = request;
  const value = harHeaderValue(headers, 'authorization');
  return value === undefined ? harHeaderValue(headers, 'x-api-key') : value.replace(/^bearer +/i, '');
}

/** Whether the upstream got a coded body as it was; one that was refused was to be decoded. */
function requestCodingOf({ client, attempts: [attempt], outcome }: RecordedExchange): 'pass' | 'decode' {
  const coded = ({ request }: Entry) => harHeaderValue(request.headers, 'content-encoding') !== undefined;
  if (!coded(client)) return 'pass';
  if (attempt) return coded(attempt) ? 'pass' : 'decode';
  return client._producer.how === 'error' && outcome === 'complete' ? 'decode' : 'pass';
}

function headerOf({ response }: Entry, name: string): string | undefined {
  return harHeaderValue(response.headers, name);
}
