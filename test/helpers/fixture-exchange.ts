import { gunzipSync } from 'node:zlib';
import { answerOf, type Fixture, type FixtureExchange, readFixture } from '../../fixtures/oracle/format.ts';
import type { Chunk, EntryEnd } from '../../src/cassette/format.ts';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import type { CodexAnswer } from '../../src/oracle/codex/types.ts';
import { concatBytes, fromUtf8, isUtf8 } from '../../src/util/bytes.ts';
import { headerValue } from '../../src/util/headers.ts';
import type { RawHeaders } from '../../src/util/types.ts';
import { recorded, type SideSpec } from './recorded.ts';

const FIXTURES = new Map<string, Fixture>();

/** Changes to what the capture held, for variants of it. */
export interface ExchangeChanges {
  requestHeaders?: string[];
  path?: string;
}

/** The exchange of a captured scenario as `tapedeck record` would have written it; the n-th (from 0) that is no list of models. */
export function capturedExchange(
  version: string,
  scenario: string,
  index = 0,
  changes: ExchangeChanges = {},
): RecordedExchange {
  const fixture = FIXTURES.get(version) ?? readFixture(version);
  FIXTURES.set(version, fixture);
  const line = fixture.scenarios.find((candidate) => candidate.scenario === scenario);
  const exchange = line?.exchanges.filter(({ kind }) => kind !== 'models')[index];
  if (!exchange) throw new Error(`no exchange ${index} in ${scenario} of ${version}`);
  return toExchange(version, exchange, answerOf(fixture, exchange), changes);
}

/** All exchanges of a captured scenario. */
export function capturedSession(version: string, scenario: string): RecordedExchange[] {
  const fixture = readFixture(version);
  const line = fixture.scenarios.find((candidate) => candidate.scenario === scenario);
  if (!line) throw new Error(`no ${scenario} in ${version}`);
  return line.exchanges.map((exchange) => toExchange(version, exchange, answerOf(fixture, exchange), {}));
}

function toExchange(
  version: string,
  exchange: FixtureExchange,
  answer: CodexAnswer,
  changes: ExchangeChanges,
): RecordedExchange {
  const end = endOf(answer);
  const path = changes.path ?? exchange.path;
  const side: SideSpec = {
    method: exchange.method,
    url: `http://127.0.0.1:8787${path}`,
    requestHeaders: [
      'user-agent',
      `codex_exec/${version} (Debian 12.0.0; x86_64) dumb (codex_exec; ${version})`,
      'content-type',
      'application/json',
      ...(exchange.credential === 'none' ? [] : ['authorization', 'Bearer [redacted:api-key#1]']),
      ...(changes.requestHeaders ?? []),
    ],
    body: requestBody(exchange),
    status: answer.status,
    headers: headersOf(answer),
    headMs: answer.headMs,
    chunks: chunksOf(answer),
    end,
    outcome: outcomeOf(end),
    ...(answer.coded === undefined ? {} : { answerWire: wireOf(answer) }),
  };
  return recorded(side, [{ ...side, url: `https://provider.example${path}` }]);
}

/** The captures name only the headers that a scenario is about. */
function headersOf({ headers, status }: CodexAnswer): RawHeaders {
  const named = headerValue(headers, 'content-type') !== undefined;
  return named || status !== 200 ? headers : ['content-type', 'text/event-stream', ...headers];
}

/** As much of a request as decides what it asks for. */
function requestBody({ kind, form, model }: FixtureExchange): unknown {
  if (kind === 'models') return undefined;
  const summary = {
    type: 'message',
    role: 'user',
    content: [{ type: 'input_text', text: 'CONTEXT CHECKPOINT COMPACTION' }],
  };
  const plain = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] };
  const last = form === 'inline' ? { type: 'compaction_trigger' } : form === 'summary' ? summary : plain;
  return { model: model ?? 'gpt-5.5', stream: true, store: false, input: [plain, last] };
}

function endOf(answer: CodexAnswer): EntryEnd {
  // In the captures a stream is closed early by Codex alone, and broken off by the stub alone.
  if (answer.end === 'closed') return { by: 'client', ms: answer.endMs, how: 'closed' };
  if (answer.end === 'reset') return { by: 'upstream', ms: answer.endMs, how: 'reset', detail: 'ECONNRESET: read' };
  return { by: 'upstream', ms: answer.endMs, how: 'complete' };
}

function outcomeOf({ by, how }: EntryEnd): NonNullable<SideSpec['outcome']> {
  if (how === 'complete') return 'complete';
  return by === 'client' ? 'client-aborted' : 'upstream-aborted';
}

function chunksOf(answer: CodexAnswer): Chunk[] {
  const decoded = answer.coded === 'gzip' ? [{ ms: answer.headMs, data: gunzipSync(bodyOf(answer)) }] : answer.chunks;
  return decoded.map(({ ms, data }) => [
    ms,
    isUtf8(data) ? fromUtf8(data) : { base64: Buffer.from(data).toString('base64') },
  ]);
}

function wireOf(answer: CodexAnswer): NonNullable<SideSpec['answerWire']> {
  const bytes = bodyOf(answer);
  return { encodings: ['gzip'], bytes: bytes.length, base64: Buffer.from(bytes).toString('base64') };
}

function bodyOf(answer: CodexAnswer): Uint8Array {
  return concatBytes(answer.chunks.map(({ data }) => data));
}
