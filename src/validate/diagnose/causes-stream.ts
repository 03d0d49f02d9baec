import { all, any, byRule, type Cause, tellStatus, when } from './cause.ts';
import { seconds } from './ending.ts';
import type { ExchangeFacts } from './facts.ts';

const BROKE = byRule('codex.stream.broken', 'codex.stream.closed');

/** Causes that lie in the answer's bytes, events and end. Most telling first. */
export const STREAM_CAUSES: readonly Cause[] = [
  {
    id: 'recording.killed',
    level: 'broken',
    looks: 'the recording was killed while the exchange ran',
    cause: 'The recording was killed before the exchange was over. How it went on is not known.',
    fix: 'Record again, and end the recording with Ctrl+C once.',
    source: 'recorded by the proxy',
    match: when(({ exchange }) => exchange.outcome === 'recorder-killed', lastEvent),
  },
  {
    id: 'answer.coded',
    level: 'broken',
    looks: '`content-encoding` in the answer; Codex says "UTF8 error"',
    cause: 'The answer is compressed. Codex sends no accept-encoding and undoes no coding.',
    fix: 'Switch compression off for this route, or decode before passing on.',
    source: 'm-gzip',
    match: byRule('codex.body.coded', 'codex.body.not-utf8'),
  },
  {
    id: 'stream.chat-chunks',
    level: 'broken',
    looks: '`chat.completion.chunk` in the answer to `/responses`',
    cause: 'The stream speaks Chat Completions where Responses was asked for: nobody translated it.',
    fix: 'Point the gateway at a Responses endpoint, or switch its translation on.',
    source: 'm-chat-chunks',
    match: any(byRule('codex.stream.chat-chunks'), all(BROKE, when(hasChunk, lastEvent))),
  },
  {
    id: 'stream.response-done',
    level: 'broken',
    looks: '`response.done` at the end',
    cause: 'The stream ends with response.done, a name of the Realtime API. Codex waits for response.completed.',
    fix: 'Send response.completed.',
    source: 'm-response-done',
    match: byRule('codex.stream.response-done'),
  },
  {
    id: 'stream.no-final-blank-line',
    level: 'broken',
    looks: '`response.completed` is there, and Codex says it is not',
    cause: 'The last event lacks the blank line that ends it, so it was never read.',
    fix: 'End every event, the last one too, with an empty line.',
    source: 'm-nofinal-blank; WHATWG HTML section 9.2.6',
    match: byRule('codex.stream.no-final-blank-line'),
  },
  {
    id: 'stream.error-event',
    level: 'broken',
    looks: 'an `error` event, or `{"error": …}` in the stream; Codex says "stream closed before response.completed"',
    cause: 'An error was told in an event that Codex does not read; its message is lost.',
    fix: 'Send response.failed with the error in response.error.',
    source: 'i-error-event, i-error-nested',
    match: all(
      any(byRule('codex.stream.error-event'), BROKE),
      when(({ answer }) => answer.error !== undefined, tellStatus),
    ),
  },
  {
    id: 'stream.no-type',
    level: 'broken',
    looks: '`event:` lines are there, `type` in the data is not',
    cause: 'The data of the events lacks type. Codex does not read event: lines.',
    fix: 'Put the name of the event into the data as type.',
    source: 'm-event-lines-notype',
    match: byRule('codex.stream.no-type'),
  },
  {
    id: 'stream.not-a-stream',
    level: 'broken',
    looks: 'one JSON document instead of events',
    cause: 'The answer is no event stream. Codex always asks for one (stream: true).',
    fix: 'Stream the answer as server-sent events.',
    source: 'm-nonstream',
    match: byRule('codex.body.not-a-stream'),
  },
  {
    id: 'stream.only-comments',
    level: 'broken',
    looks: 'keep-alive comments (`: ping`) and nothing else until the client leaves',
    cause: 'Only comments kept the stream alive. They do not reset the idle timer of Codex.',
    fix: 'Send an event with data as keep-alive, e.g. data: {"type":"keepalive"}.',
    source: 'i-idle-comments against i-idle-pings',
    match: all(
      byRule('codex.stream.idle'),
      when(({ answer }) => answer.comments > 0, silence),
    ),
  },
  {
    id: 'stream.idle',
    level: 'broken',
    looks: 'silence, then the client leaves: "idle timeout waiting for SSE"',
    cause: 'The stream fell silent for longer than the client waits.',
    fix: 'Find the hop that stalls; raise stream_idle_timeout_ms for models that think long.',
    source: 'i-idle',
    match: all(
      byRule('codex.stream.idle'),
      when(() => true, silence),
    ),
  },
  {
    id: 'stream.done-only',
    level: 'broken',
    looks: '`[DONE]` without `response.completed`',
    cause: 'The stream ends with [DONE], as Chat Completions does, and lacks response.completed.',
    fix: 'Send response.completed; [DONE] may follow.',
    source: 'm-done-sentinel: [DONE] itself is passed over',
    match: all(
      BROKE,
      when(({ answer }) => answer.events.at(-1)?.type === '[DONE]', lastEvent),
    ),
  },
  {
    id: 'client.left',
    level: 'broken',
    looks: 'the client closed the connection before the end',
    cause: 'The client went away before the answer was whole.',
    fix: 'Look at the client: was it interrupted, did it crash, or does it have a time limit of its own?',
    source: 'recorded by the proxy',
    match: when(
      ({ exchange, ending, forecast }) =>
        exchange.outcome === 'client-aborted' && ending.by === 'client' && forecast?.action !== 'accept',
      silence,
    ),
  },
  {
    id: 'upstream.reset',
    level: 'broken',
    looks: 'the connection broke in the middle of the stream',
    cause: 'The connection to the upstream broke in the middle of the answer.',
    fix: 'Look at the hop behind: a crash, a restart, or a limit on the length of a connection (load balancers cut at 60 s or 300 s).',
    source: 'i-trunc-reset-once: "error decoding response body"',
    match: any(
      byRule('codex.stream.broken', 'codex.network.reset'),
      when(({ exchange }) => ['upstream-aborted', 'upstream-error'].includes(exchange.outcome), lastEvent),
    ),
  },
  {
    id: 'upstream.ended-early',
    level: 'broken',
    looks: 'the stream ended in order, but without `response.completed`',
    cause: 'The next hop ended the stream in order before response.completed, as if it were whole.',
    fix: 'Let it pass on how its own upstream ended: by response.failed, or by breaking the connection.',
    source: 'i-trunc-clean: "stream closed before response.completed"',
    match: all(
      byRule('codex.stream.closed'),
      when(() => true, lastEvent),
    ),
  },
];

function hasChunk({ answer }: ExchangeFacts): boolean {
  return answer.events.some((event) => event.type === 'chunk');
}

function lastEvent({ ending }: ExchangeFacts): string {
  return ending.lastEvent ? `the last event was ${ending.lastEvent.type}` : 'no event came at all';
}

function silence(facts: ExchangeFacts): string {
  return `${lastEvent(facts)}; no event for ${seconds(facts.ending.eventGapMs)} before the end`;
}
