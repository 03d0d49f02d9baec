import type { EntryEnd } from '../../cassette/format.ts';
import type { RecordedExchange } from '../../cassette/legs.ts';
import type { SeenEvent } from './events.ts';
import type { Ending } from './types.ts';

/** Who ended the exchange, how, when, and what came last. */
export function readEnding(
  exchange: RecordedExchange,
  events: readonly SeenEvent[],
  bytes: number,
  chunks: readonly { ms: number; data: Uint8Array }[],
): Ending {
  const { client } = exchange;
  const decisive = decisiveEnd(exchange);
  const ms = client._end?.ms ?? client.time;
  const last = events.at(-1);
  const head = client.response._headMs ?? 0;
  return {
    by: decisive?.by ?? (exchange.outcome === 'recorder-killed' ? 'tapedeck' : 'unknown'),
    how: decisive?.how ?? 'unknown',
    ms,
    ...(decisive?.detail === undefined ? {} : { detail: decisive.detail }),
    bytes,
    gapMs: Math.max(0, ms - (chunks.at(-1)?.ms ?? head)),
    eventGapMs: Math.max(0, ms - (last?.ms ?? head)),
    ...(last
      ? { lastEvent: { type: last.type, number: events.length, start: last.start, end: last.end, ms: last.ms } }
      : {}),
  };
}

/** Where the upstream broke first, the client's side only shows what followed from it. */
function decisiveEnd(exchange: RecordedExchange): EntryEnd | undefined {
  const client = exchange.client._end;
  const upstream = exchange.attempts.at(-1)?._end;
  if (client?.by === 'client' && client.how !== 'complete') return client;
  if (upstream && upstream.how !== 'complete') return upstream;
  return client ?? upstream;
}

const WHO: Record<Ending['by'], string> = {
  client: 'the client',
  tapedeck: 'Tapedeck',
  upstream: 'the next hop (upstream)',
  unknown: 'nobody known',
};

const HOW: Record<Ending['how'], string> = {
  complete: 'in order, as HTTP says',
  closed: 'by closing the connection in the middle of the answer',
  reset: 'by resetting the connection',
  timeout: 'because a time limit ran out',
  refused: 'by refusing the connection',
  error: 'with an error',
  unknown: 'in a way that was not recorded',
};

/** Producers that are no gateway of somebody else's. */
const NO_GATEWAY: ReadonlySet<string> = new Set(['tapedeck', 'upstream', 'client']);

/** Around somebody else's gateway it is the gateway that left the upstream, and the tap only followed: its name. */
export function leaverOf({ client, attempts }: RecordedExchange): string | undefined {
  const { name } = client._producer;
  const end = attempts.at(-1)?._end;
  return end?.by === 'tapedeck' && end.how === 'closed' && !NO_GATEWAY.has(name) ? name : undefined;
}

/** The ending in sentences. @param leaver the gateway that left, where one did */
export function tellEnding(ending: Ending, leaver?: string): string[] {
  const detail = ending.detail === undefined ? '' : ` (${ending.detail})`;
  const silence = ending.bytes === 0 ? 'without a byte of an answer' : `${seconds(ending.gapMs)} after the last byte`;
  const unknown = ending.by === 'unknown' && ending.how === 'unknown';
  const lines = [
    unknown
      ? `How it ended was not recorded; the last that is known of it is ${seconds(ending.ms)} after the request, ${silence}.`
      : `Ended by ${leaver === undefined || ending.by !== 'tapedeck' ? WHO[ending.by] : `the gateway (${leaver})`}, ${HOW[ending.how]}${detail}, ${seconds(ending.ms)} after the request, ${silence}.`,
  ];
  const { lastEvent: last } = ending;
  if (last) {
    lines.push(
      `Last event: ${last.type}, number ${last.number}, bytes ${last.start} to ${last.end} of ${ending.bytes}, at ${seconds(last.ms)}.`,
    );
  } else if (ending.bytes > 0) lines.push(`${ending.bytes} bytes came, and no event in them.`);
  return lines;
}

/** `320 ms`, `1.60 s`, `300 s`. */
export function seconds(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 100_000 ? 2 : 0)} s`;
}
