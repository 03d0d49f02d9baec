import { endsWithTerminalEvent } from '../../protocols/terminal.ts';
import { headerValue } from '../../util/headers.ts';
import { dropHopByHop } from '../../util/hop-by-hop.ts';
import type { Loss, Protocol, RawHeaders } from '../../util/types.ts';
import { translateStream } from './answer.ts';
import type { Passing } from './relay.ts';
import type { Prepared } from './request.ts';

/** Fields of the provider's answer that are those of its body. */
const OF_THE_BODY = new Set(['content-type', 'content-length', 'content-encoding']);

/** The headers of the provider's answer that still hold for a translated one. */
export function answerHeaders(headers: RawHeaders): string[] {
  return dropHopByHop(headers, OF_THE_BODY);
}

export function isEventStream(headers: RawHeaders): boolean {
  return /^\s*text\/event-stream\b/i.test(headerValue(headers, 'content-type') ?? '');
}

/** An answer that passes untouched. */
export function passUntouched(client: Protocol, status: number, statusText: string, headers: RawHeaders): Passing {
  let tail = '';
  return {
    head: { status, statusText, headers: dropHopByHop(headers) },
    push(chunk) {
      // Enough for the event that ends a stream, which is all that is looked for.
      tail = (tail + chunk.toString('latin1')).slice(-64 * 1024);
      return chunk;
    },
    end: () => '',
    tellsEnd: false,
    complete: () => endsWithTerminalEvent(client, tail),
  };
}

/**
 * A stream that is translated event by event; undefined for what has to be read whole first: errors, JSON, coded bodies, and streams
 * that nobody asked for.
 * @param extra more headers of ours
 */
export function passTranslated(
  client: Protocol,
  { back }: Prepared,
  status: number,
  headers: RawHeaders,
  extra: readonly string[],
  onLoss: (losses: readonly Loss[]) => void,
): Passing | undefined {
  if (!back || status >= 300 || !back.context.plan.stream) return undefined;
  if (!isEventStream(headers) || headerValue(headers, 'content-encoding') !== undefined) return undefined;
  const stream = translateStream(back.hop, back.context, onLoss);
  let last = '';
  const keep = (text: string) => {
    if (text !== '') last = text;
    return text;
  };
  const own = ['content-type', 'text/event-stream', 'cache-control', 'no-cache'];
  return {
    head: {
      status: 200,
      statusText: 'OK',
      headers: [...withoutCacheControl(answerHeaders(headers)), ...own, ...extra],
    },
    push: (chunk) => keep(stream.push(chunk)),
    end: (how) => keep(stream.end(how)),
    tellsEnd: true,
    complete: () => endsWithTerminalEvent(client, last),
  };
}

function withoutCacheControl(headers: readonly string[]): string[] {
  return dropHopByHop(headers, new Set(['cache-control']));
}
