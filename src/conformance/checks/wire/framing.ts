import { parseJson } from '../../../decode/json.ts';
import { concatBytes, toUtf8 } from '../../../util/bytes.ts';
import { type Check, EVERY_CLIENT } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import { type StreamEvent, writeEvent } from '../../provider/events.ts';
import { dataOf } from '../shared/streams.ts';
import { startOf, tellEnding } from '../shared/words.ts';

/** Characters of two, three and four bytes, and what JSON escapes. */
const UNICODE = 'naïve 你好 🙂 "quoted" \\ back\n\ttab end';

const ALL_CLIENTS = ['codex', 'open-responses', 'openai', 'anthropic'] as const;
const SSE = 'WHATWG HTML 9.2.6';

/** Another way to write the same stream, that every reader of event streams knows. */
interface Framing {
  name: string;
  requirement: string;
  source: string;
  level?: Check['level'];
  /** Many thousands of writes take their time on a busy machine. */
  patience?: number;
  /** The pieces that the provider writes. */
  write(events: readonly StreamEvent[]): Uint8Array[];
}

const FRAMINGS: readonly Framing[] = [
  {
    name: 'one-byte-reads',
    requirement: 'A stream that comes byte by byte says the same: characters and lines may be cut anywhere.',
    source: `${SSE}; RFC 9112 section 7.1: chunks mean nothing`,
    patience: 4,
    write: (events) => [...joined(events)].map((byte) => Uint8Array.of(byte)),
  },
  {
    name: 'one-read',
    requirement: 'A stream that comes in one piece says the same.',
    source: 'RFC 9112 section 7.1: chunks mean nothing',
    write: (events) => [joined(events)],
  },
  {
    name: 'crlf',
    requirement: 'A stream with CRLF line ends says the same.',
    source: SSE,
    write: (events) => events.map((event) => toUtf8(writeEvent(event).replaceAll('\n', '\r\n'))),
  },
  {
    name: 'no-space',
    requirement: 'A stream without the space behind `data:` says the same.',
    source: `${SSE}; measured: gateways that read nothing from it`,
    write: (events) => events.map((event) => toUtf8(writeEvent(event).replace(/^(event|data): /gm, '$1:'))),
  },
  {
    name: 'comments',
    requirement: 'Comment lines between events, which providers send to keep connections alive, change nothing.',
    source: SSE,
    write: (events) => events.flatMap((event) => [toUtf8(': keep-alive\n\n'), toUtf8(writeEvent(event))]),
  },
  {
    name: 'other-fields',
    requirement: 'Fields such as `id:` and `retry:` beside the data change nothing.',
    source: SSE,
    write: (events) => events.map((event, i) => toUtf8(`id: ${i}\nretry: 3000\n${writeEvent(event)}`)),
  },
  {
    name: 'byte-order-mark',
    requirement: 'A byte order mark at the beginning of a stream changes nothing.',
    source: `${SSE}; no provider that was measured writes one`,
    level: 'should',
    write: (events) => [Uint8Array.of(0xef, 0xbb, 0xbf), joined(events)],
  },
];

function joined(events: readonly StreamEvent[]): Uint8Array {
  return concatBytes(events.map((event) => toUtf8(writeEvent(event))));
}

/** Makes the upstream say a text in a framing. */
function sayFramed(t: Trial, text: string, write: Framing['write']): void {
  t.upstream.answer((request, context) => {
    const answer = answerItems({ items: [{ type: 'message', text }] })(request, context);
    if (answer.kind !== 'events') return answer;
    const headers = { 'content-type': 'text/event-stream', ...answer.headers };
    return { kind: 'raw', status: 200, headers, pieces: write(answer.events) };
  });
}

const FRAMING_ROWS = FRAMINGS.map(
  ({ name, requirement, source, level = 'must', patience = 1, write }): Check => ({
    id: `wire.framing.${name}`,
    revision: 1,
    requirement,
    source,
    level,
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    patience,
    async run(t) {
      sayFramed(t, UNICODE, write);
      const reply = await t.call({ body: t.prompt() });
      const said = await t.read(reply);
      for (const { data } of await reply.events())
        t.expect(data === '[DONE]' || parseJson(data).ok, `an event is no JSON: ${startOf(data, 80)}`, {
          where: 'answer',
        });
      t.expectSame(said.text, UNICODE, 'the text is not what the provider said', { where: 'answer' });
      t.expect(said.ending === 'stop', `the answer ${tellEnding(said.ending)}`, { where: 'answer' });
    },
  }),
);

export const FRAMING_CHECKS: readonly Check[] = [
  ...FRAMING_ROWS,
  {
    id: 'wire.framing.event-lines',
    revision: 2,
    requirement: "Each event's `event:` line says the `type` of its data.",
    source: 'Open Responses specification, streaming; Messages API, "Streaming": SDKs dispatch by the line',
    level: 'must',
    profiles: ['open-responses', 'anthropic'],
    needs: 'model',
    clients: ['responses', 'messages'],
    async run(t) {
      const reply = await t.call({ body: t.prompt() });
      await t.read(reply);
      for (const one of await reply.events()) {
        const { event, data } = one;
        if (data === '[DONE]') continue;
        const type = dataOf(one)?.type;
        if (
          !t.expect(
            event === type,
            `an event of type ${String(type)} has ${event === undefined ? 'no event line' : `the event line ${event}`}`,
          )
        )
          return;
      }
    },
  },
  {
    id: 'wire.framing.no-event-lines',
    revision: 1,
    requirement: 'Chunks of Chat Completions have no `event:` line.',
    source: 'OpenAI API reference, Chat Completions streaming: data only',
    level: 'should',
    profiles: ['openai'],
    needs: 'model',
    clients: ['chat'],
    async run(t) {
      const reply = await t.call({ body: t.prompt() });
      await t.read(reply);
      const named = (await reply.events()).filter(({ event }) => event !== undefined);
      t.expect(named.length === 0, `${named.length} chunks have an event line: ${named[0]?.event}`);
    },
  },
  {
    id: 'wire.framing.done',
    revision: 1,
    requirement: 'A stream of Chat Completions ends with `data: [DONE]`.',
    source: 'OpenAI API reference, Chat Completions streaming',
    level: 'must',
    profiles: ['openai'],
    needs: 'model',
    clients: ['chat'],
    async run(t) {
      const reply = await t.call({ body: t.prompt() });
      await t.read(reply);
      const last = (await reply.events()).at(-1);
      t.expect(last?.data === '[DONE]', `the stream ends with ${last ? startOf(last.data, 120) : 'no event at all'}`);
    },
  },
  {
    id: 'wire.framing.large-event',
    revision: 1,
    requirement: 'An event of 1 MiB comes through whole.',
    source: 'images and compactions of Codex are events of that size',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    patience: 2,
    async run(t) {
      const text = 'x'.repeat(1024 * 1024);
      sayFramed(t, text, (events) => [joined(events)]);
      const said = await t.ask();
      t.expect(said.text === text, `of ${text.length} characters ${said.text.length} came`, { where: 'answer' });
    },
  },
];
