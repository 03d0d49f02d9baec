import type { ChalkInstance } from 'chalk';
import type { Leg, RecordedExchange } from '../cassette/legs.ts';
import { isOverWebSocket } from '../cassette/messages.ts';
import type { Outcome, Protocol } from '../util/types.ts';
import { type LegView, viewLeg } from './exchange-view.ts';
import { formatBytes, formatMs } from './format.ts';
import { type Column, formatTable } from './table.ts';
import { oneLine } from './text.ts';

/** One exchange as a line of the table. */
export interface ExchangeRow {
  /** Position in the cassette, from 1. */
  number: number;
  id: string;
  /** ISO 8601. */
  started: string;
  /** `WS`: it came as a message over a WebSocket. */
  method: string;
  /** Path with query, as the client asked for it. */
  path: string;
  protocol: Protocol | null;
  model: string | null;
  /** 0: no response. */
  status: number;
  outcome: Outcome;
  /** How it ended at the upstream, where that is another one: a gateway may call complete what is not. */
  upstreamOutcome?: Outcome;
  /** Content codings of the client's request body. */
  coding: string[];
  /** Bytes of the client's request and of its response on the wire; -1: unknown. */
  bytesIn: number;
  bytesOut: number;
  /** Events of the streamed response; 0 when it was not streamed. */
  events: number;
  durationMs: number;
  attempts: number;
  /** What came of it: the error, the tool calls, or the text. */
  result: string;
}

/** The row of one exchange. */
export function rowOf(exchange: RecordedExchange, legs: readonly Leg[], number: number): ExchangeRow {
  const { client } = exchange;
  const request = legs.find((leg) => leg.name === 'client-request');
  const response = legs.find((leg) => leg.name === 'client-response');
  const asks = request && viewLeg(request, []).asks;
  const answered = response && viewLeg(response, []);
  return {
    number,
    id: exchange.id,
    started: client.startedDateTime,
    method: isOverWebSocket(client) ? 'WS' : client.request.method,
    path: client.request.url.replace(/^https?:\/\/[^/?#]*/i, '') || '/',
    protocol: exchange.protocol,
    model: asks?.model ?? null,
    status: client.response.status,
    outcome: exchange.outcome,
    ...upstreamOutcomeOf(exchange),
    coding: request?.body?.facts?.encodings ?? [],
    bytesIn: client.request.bodySize,
    bytesOut: client.response.bodySize,
    events: answered?.events?.length ?? 0,
    durationMs: client.time,
    attempts: exchange.attempts.length,
    result: resultOf(answered),
  };
}

/** What a refused attempt has led to is told by the status. */
function upstreamOutcomeOf({ client, outcome, attempts }: RecordedExchange): Pick<ExchangeRow, 'upstreamOutcome'> {
  const { _outcome: upstreamOutcome } = attempts.at(-1) ?? {};
  const isHidden = outcome === 'complete' && client.response.status < 400 && upstreamOutcome === 'upstream-aborted';
  return isHidden ? { upstreamOutcome } : {};
}

function resultOf(view: LegView | undefined): string {
  const answer = view?.answer;
  if (answer?.error) return [answer.error.code, answer.error.message].filter(Boolean).join(': ');
  const parts = (answer?.toolCalls ?? []).map((call) => `${call.name}(${call.arguments})`);
  if (answer?.text) parts.push(JSON.stringify(answer.text));
  if (parts.length === 0 && answer?.others.length) parts.push(answer.others.join(', '));
  if (parts.length === 0 && view?.body && (view.response?.status ?? 0) >= 400)
    parts.push(view.body.text ?? view.body.facts);
  return parts.join(' ');
}

function outcomeText({ outcome, upstreamOutcome }: ExchangeRow): string {
  return upstreamOutcome === undefined ? outcome : `${outcome} (${upstreamOutcome})`;
}

/** Lines of the table of exchanges, as wide as the terminal. */
export function exchangeTable(rows: readonly ExchangeRow[], colour: ChalkInstance, columns: number): string[] {
  const good = ({ outcome, upstreamOutcome, status }: ExchangeRow): boolean =>
    outcome === 'complete' && upstreamOutcome === undefined && status > 0 && status < 400;
  const paintState = (cell: string, row: ExchangeRow): string => (good(row) ? colour.green(cell) : colour.red(cell));
  const dim = (cell: string): string => colour.dim(cell);
  const list: Column<ExchangeRow>[] = [
    { title: '#', value: (row) => String(row.number), align: 'right' },
    { title: 'id', value: (row) => oneLine(row.id), drop: 6, paint: dim },
    { title: 'start', value: (row) => oneLine(row.started).slice(11, 23), drop: 5, paint: dim },
    { title: 'request', value: (row) => oneLine(`${row.method} ${row.path}`) },
    { title: 'model', value: (row) => oneLine(row.model ?? ''), drop: 2 },
    { title: 'status', value: (row) => (row.status === 0 ? '–' : String(row.status)), paint: paintState },
    { title: 'outcome', value: outcomeText, paint: paintState },
    { title: 'coding', value: (row) => oneLine(row.coding.join(' ')), drop: 3 },
    { title: 'in', value: (row) => formatBytes(row.bytesIn), align: 'right', drop: 4 },
    { title: 'out', value: (row) => formatBytes(row.bytesOut), align: 'right', drop: 4 },
    { title: 'events', value: (row) => (row.events === 0 ? '' : String(row.events)), align: 'right', drop: 7 },
    { title: 'time', value: (row) => formatMs(row.durationMs), align: 'right', drop: 1 },
    { title: 'tries', value: (row) => (row.attempts === 1 ? '' : String(row.attempts)), align: 'right', drop: 8 },
    { title: 'result', value: (row) => oneLine(row.result), flexible: { min: 20 } },
  ];
  return formatTable(list, rows, columns, colour.bold);
}
