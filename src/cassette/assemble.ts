import { concatBytes, fromUtf8, isUtf8 } from '../util/bytes.ts';
import { headerValue, toHarHeaders } from '../util/headers.ts';
import type { LegName, Outcome, RawHeaders, Side } from '../util/types.ts';
import { chunkBytes, roundMs, toBase64 } from './bytes-json.ts';
import type {
  BodyFields,
  Chunk,
  Entry,
  EntryEnd,
  HarRequest,
  HarResponse,
  InterimResponse,
  Producer,
  WebSocketClose,
} from './format.ts';
import { joinMessages, messageTimes } from './messages.ts';
import type { AttemptEnd, BodyRecord, ExchangeRecord, InterimRecord, LegRecord } from './records.ts';

/** What the records of one leg add up to. */
export type LegState = LegRecord & { chunks: Chunk[] };

interface ExchangeState {
  start: NonNullable<ExchangeRecord['start']>;
  seq: number;
  legs: LegState[];
  attempts: AttemptEnd[];
  informational: InterimRecord[];
  losses: NonNullable<ExchangeRecord['losses']>;
  outcome: Outcome;
  end: EntryEnd | undefined;
  socketClose: WebSocketClose | undefined;
}

/**
 * The entries of one exchange from its journal records, in the order they were written: the client's, then one an attempt.
 * Without a `close` record the recording was killed, and the entries show how far the exchange came. Undefined when the
 * `open` record is missing.
 */
export function assembleExchange(records: readonly ExchangeRecord[], gateway: Producer): Entry[] | undefined {
  const state = gather(records);
  if (!state) return undefined;
  const attempts = [...new Set(state.legs.map(({ attempt }) => attempt).filter((attempt) => attempt !== undefined))];
  return [clientEntry(state, gateway), ...attempts.map((attempt) => attemptEntry(state, attempt))];
}

function gather(records: readonly ExchangeRecord[]): ExchangeState | undefined {
  const opened = records.find(({ start }) => start !== undefined);
  if (!opened?.start) return undefined;
  const state: ExchangeState = {
    start: opened.start,
    seq: opened.x,
    legs: [],
    attempts: [],
    informational: [],
    losses: [],
    outcome: 'recorder-killed',
    end: undefined,
    socketClose: undefined,
  };
  for (const record of records) {
    for (const leg of record.legs ?? []) mergeLeg(state, leg);
    state.attempts.push(...(record.attempts ?? []));
    state.informational.push(...(record.informational ?? []));
    state.losses.push(...(record.losses ?? []));
    state.outcome = record.outcome ?? state.outcome;
    state.end = record.end ?? state.end;
    state.socketClose = record.socketClose ?? state.socketClose;
  }
  for (const leg of state.legs) if (leg.same) copyTwin(state, leg);
  return state;
}

/** A body that equals the client's was not looked at, so its lengths are those of the client's. */
function copyTwin(state: ExchangeState, leg: LegState): void {
  const client = findLeg(state, leg.leg === 'upstream-request' ? 'client-request' : 'client-response');
  if (client?.body) leg.body = client.body;
  if (client) leg.chunks = client.chunks;
}

function mergeLeg(state: ExchangeState, update: LegRecord): void {
  const known = findLeg(state, update.leg, update.attempt);
  if (!known) {
    // The record is nobody else's: it was parsed for this.
    update.chunks ??= [];
    state.legs.push(update as LegState);
    return;
  }
  const { chunks } = known;
  // Not by spreading: a body may come in more reads than a function takes arguments.
  for (const chunk of update.chunks ?? []) chunks.push(chunk);
  Object.assign(known, update, { chunks });
}

function findLeg(state: ExchangeState, leg: LegName, attempt?: number): LegState | undefined {
  return state.legs.find((one) => one.leg === leg && one.attempt === attempt);
}

function clientEntry(state: ExchangeState, gateway: Producer): Entry {
  const request = findLeg(state, 'client-request');
  const response = findLeg(state, 'client-response');
  const end = state.end ?? response?.end;
  const entry = buildEntry(state, 'client', 0, request, response, end);
  addInterim(entry, state, undefined, 0);
  entry._producer = response?.producer ?? gateway;
  entry._outcome = state.outcome;
  if (state.losses.length > 0) entry._losses = state.losses;
  return entry;
}

function attemptEntry(state: ExchangeState, attempt: number): Entry {
  const request = findLeg(state, 'upstream-request', attempt);
  const response = findLeg(state, 'upstream-response', attempt);
  const closed = state.attempts.find((one) => one.attempt === attempt);
  const end = closed?.end ?? response?.end;
  const base = request?.ms ?? 0;
  const entry = buildEntry(state, 'upstream', base, request, response, end);
  addInterim(entry, state, attempt, base);
  entry._attempt = attempt;
  entry._protocol = request?.protocol ?? null;
  entry._producer = request?.producer ?? { name: 'tapedeck' };
  // An attempt that nobody closed ended with its exchange.
  entry._outcome = closed?.outcome ?? state.outcome;
  return entry;
}

function buildEntry(
  state: ExchangeState,
  side: Side,
  base: number,
  request: LegState | undefined,
  response: LegState | undefined,
  end: EntryEnd | undefined,
): Entry {
  const { startedAt, seed, protocol, connection } = state.start;
  const entry: Entry = {
    startedDateTime: new Date(Math.floor(startedAt + base)).toISOString(),
    ...timesOf(base, request, connection === undefined ? response : messageTimes(response), end),
    request: harRequest(request, base, connection === undefined),
    response: harResponse(response, base, connection === undefined),
    cache: {},
    _exchange: `x${state.seq}`,
    _seq: state.seq,
    _side: side,
    _protocol: protocol,
    _producer: { name: 'tapedeck' },
    _seed: seed,
    _outcome: 'complete',
  };
  if (end) entry._end = { ...end, ms: roundMs(end.ms - base) };
  if (connection !== undefined)
    Object.assign(entry, { _connection: connection }, joinMessages(startedAt, request, response));
  if (state.socketClose) entry._webSocketClose = state.socketClose;
  return entry;
}

/** Those of one side, which may have come without a final response. */
function addInterim({ response }: Entry, state: ExchangeState, attempt: number | undefined, base: number): void {
  const own = state.informational.filter((one) => one.attempt === attempt);
  if (own.length === 0) return;
  response._informational = own.map(({ ms, status, statusText, headers }): InterimResponse => {
    return { ms: roundMs(ms - base), status, statusText, headers: toHarHeaders(headers) };
  });
}

/** HAR 1.2: `time` is the sum of the timings. A response may begin before its request is over; then nobody waited. */
function timesOf(
  base: number,
  request: LegState | undefined,
  response: LegState | undefined,
  end: EntryEnd | undefined,
): Pick<Entry, 'time' | 'timings'> {
  const last = Math.max(base, request ? lastMs(request) : base, response ? lastMs(response) : base);
  const over = Math.max(end?.ms ?? last, base);
  const sent = Math.min(over, request?.end?.ms ?? (request ? lastMs(request) : base));
  const head = Math.min(over, Math.max(sent, response?.ms ?? over));
  const timings = { send: roundMs(sent - base), wait: roundMs(head - sent), receive: roundMs(over - head) };
  return { time: roundMs(timings.send + timings.wait + timings.receive), timings };
}

function lastMs(leg: LegState): number {
  return leg.end?.ms ?? leg.chunks.at(-1)?.[0] ?? leg.ms ?? 0;
}

/** @param carries whether the message has a body; a WebSocket handshake has none, whatever comes over it */
function harRequest(leg: LegState | undefined, base: number, carries: boolean): HarRequest {
  const head = leg?.request ?? { method: '', url: '', httpVersion: '', headers: [] };
  const request: HarRequest = {
    method: head.method,
    url: head.url,
    httpVersion: httpVersion(head.httpVersion),
    cookies: [],
    headers: toHarHeaders(head.headers),
    queryString: queryOf(head.url),
    headersSize: -1,
    bodySize: leg ? bodySize(leg) : 0,
  };
  const body = leg && carries ? bodyFields(leg, head.headers, base) : undefined;
  if (leg && body && hasBody(leg)) request.postData = { ...body, text: body.text ?? '' };
  if (leg?.end?.how !== 'complete') request._incomplete = true;
  if (leg?.trailers) request._trailers = toHarHeaders(leg.trailers);
  return request;
}

function harResponse(leg: LegState | undefined, base: number, carries: boolean): HarResponse {
  const head = leg?.response ?? { status: 0, statusText: '', httpVersion: '', headers: [] };
  const response: HarResponse = {
    status: head.status,
    statusText: head.statusText,
    httpVersion: httpVersion(head.httpVersion),
    cookies: [],
    headers: toHarHeaders(head.headers),
    content: { size: 0, mimeType: headerValue(head.headers, 'content-type') ?? '' },
    redirectURL: headerValue(head.headers, 'location') ?? '',
    headersSize: -1,
    bodySize: leg ? bodySize(leg) : 0,
  };
  if (!leg) return response;
  if (carries && hasBody(leg)) {
    const size = leg.body?.size ?? joinedChunks(leg).length;
    response.content = { size, ...bodyFields(leg, head.headers, base) };
  }
  response._headMs = roundMs((leg.ms ?? base) - base);
  if (leg.trailers) response._trailers = toHarHeaders(leg.trailers);
  return response;
}

function hasBody(leg: LegState): boolean {
  return leg.same === true || bodySize(leg) > 0 || leg.chunks.length > 0;
}

function bodySize(leg: LegState): number {
  return leg.body?.bytes ?? leg.wireBytes ?? 0;
}

function joinedChunks(leg: LegState): Uint8Array {
  return concatBytes(leg.chunks.map(chunkBytes));
}

function bodyFields(leg: LegState, headers: RawHeaders, base: number): BodyFields {
  const fields: BodyFields = { mimeType: headerValue(headers, 'content-type') ?? '' };
  if (leg.same) return { ...fields, _sameAs: 'client' };
  const body = leg.body ?? unfinishedBody(leg);
  if (leg.streamed) fields._chunks = leg.chunks.map(([ms, data]): Chunk => [roundMs(ms - base), data]);
  else if (body.text !== undefined) fields.text = body.text;
  if (body.decoded !== undefined) fields._decoded = { base64: body.decoded };
  if (body.wire) fields._wire = body.wire;
  if (body.redacted) fields._redacted = body.redacted;
  if (body.cut) fields._cut = body.cut;
  return fields;
}

/** As far as a body had come when the recording was killed. What a kill cut off is not known, so neither are the bytes. */
function unfinishedBody(leg: LegState): BodyRecord {
  const bytes = leg.wireBytes ?? 0;
  const body: BodyRecord = { size: 0, bytes };
  if (leg.redacted) body.redacted = leg.redacted;
  if (leg.encodings && leg.encodings.length > 0) body.wire = { encodings: leg.encodings, bytes };
  if (leg.streamed) return body;
  const decoded = joinedChunks(leg);
  if (isUtf8(decoded)) body.text = fromUtf8(decoded);
  else body.decoded = toBase64(decoded);
  return body;
}

function httpVersion(version: string): string {
  return /^\d/.test(version) ? `HTTP/${version}` : version;
}

function queryOf(url: string): { name: string; value: string }[] {
  if (!url.includes('?')) return [];
  const query = url.split('#', 1)[0]!.split('?').slice(1).join('?');
  return [...new URLSearchParams(query)].map(([name, value]) => ({ name, value }));
}
