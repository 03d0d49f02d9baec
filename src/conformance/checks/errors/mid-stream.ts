import { toUtf8 } from '../../../util/bytes.ts';
import type { Protocol } from '../../../util/types.ts';
import { type Check, EVERY_CLIENT } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import { type StreamEvent, writeEvent } from '../../provider/events.ts';
import type { Answer, EventsAnswer, ReceivedRequest } from '../../script.ts';
import { needStream } from '../shared/streams.ts';
import { startOf, tellEnding } from '../shared/words.ts';
import { ALL_CLIENTS } from './before-stream.ts';

const TEXT = 'alpha bravo charlie delta echo foxtrot';
const MESSAGE = 'made-up failure in the middle';

/** The provider's error in the middle of a stream, as each protocol has it. */
const ERROR_EVENTS: Record<Protocol, StreamEvent> = {
  responses: {
    event: 'response.failed',
    data: {
      type: 'response.failed',
      sequence_number: 9,
      response: {
        id: 'resp_made_up',
        object: 'response',
        created_at: 1_767_225_600,
        status: 'failed',
        model: 'm',
        output: [],
        error: { code: 'server_error', message: MESSAGE },
      },
    },
  },
  chat: { data: { error: { message: MESSAGE, type: 'server_error', param: null, code: 'server_error' } } },
  messages: { event: 'error', data: { type: 'error', error: { type: 'api_error', message: MESSAGE } } },
};

/** What says that a stream is over, whatever was said. */
const ENDS = /^\[DONE\]$|"type"\s*:\s*"(?:message_stop|response\.(?:completed|incomplete))"/;

/** How a stream may break: its events up to the middle of the text, and then this. */
const BREAKS: readonly {
  name: string;
  what: string;
  end(half: EventsAnswer, request: ReceivedRequest): Answer;
  tells: boolean;
  /** HTTP says that the body is whole: passed on as it is, it still has no terminal event. */
  whole?: true;
}[] = [
  {
    name: 'reset',
    what: 'the connection to the provider is reset',
    end: (half) => ({ ...half, ending: 'reset' }),
    tells: false,
  },
  {
    name: 'clean-end',
    what: "the provider's body ends without a terminal event",
    end: (half) => half,
    tells: false,
    whole: true,
  },
  {
    name: 'half-event',
    what: "the provider's body ends in the middle of an event",
    end: (half) => ({
      kind: 'raw',
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      pieces: half.events.map((event, i) => {
        const bytes = toUtf8(writeEvent(event));
        return i < half.events.length - 1 ? bytes : bytes.subarray(0, bytes.length - 5);
      }),
    }),
    tells: false,
    whole: true,
  },
  {
    name: 'error-event',
    what: 'the provider sends an error event',
    end: (half, { protocol }) => ({ ...half, events: [...half.events, ERROR_EVENTS[protocol ?? 'responses']] }),
    tells: true,
  },
];

/** Makes the upstream break off in the middle of its text. */
function breakOff(t: Trial, end: (typeof BREAKS)[number]['end']): void {
  t.upstream.answer((request, context) => {
    const answer = answerItems({ items: [{ type: 'message', text: TEXT }] })(request, context);
    if (answer.kind !== 'events') return answer;
    const middle = answer.events.findIndex(({ data }) => JSON.stringify(data).includes('charlie'));
    return end({ ...answer, events: answer.events.slice(0, middle + 1) }, request);
  });
}

const BREAK_CHECKS = BREAKS.flatMap(({ name, what, end, tells, whole = false }): Check[] => [
  {
    id: `errors.mid-stream.${name}`,
    revision: 2,
    requirement: `When ${what}, the client's stream does not end as a completed answer.`,
    source:
      'Codex 0.113.0 to 0.169.0, measured: what looks completed is taken for the whole answer, and its calls are run',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    alone: 'provokes',
    async run(t) {
      breakOff(t, end);
      const reply = await t.call({ body: t.prompt() });
      needStream(t);
      if (reply.status !== 200) return t.note(`the gateway had not begun its answer: ${reply.status}`);
      const said = await t.read(reply);
      const ended = reply.ended() === 'complete' ? tellEnding(said.ending) : 'breaks off';
      t.expect(!['stop', 'calls'].includes(said.ending), `the client's stream ${ended}, though the provider's broke`, {
        where: 'answer',
      });
    },
  },
  {
    id: `errors.mid-stream.${name}-told`,
    revision: 2,
    requirement: `When ${what}, the client can see it: a failed end, an error${tells ? " with the provider's message" : ''}, or a broken connection.`,
    source: 'measured: gateways that end the body as if nothing were missing',
    level: tells ? 'must' : 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    alone: 'provokes',
    async run(t) {
      breakOff(t, end);
      const reply = await t.call({ body: t.prompt() });
      needStream(t);
      if (reply.status !== 200) return t.note(`the gateway had not begun its answer: ${reply.status}`);
      const said = await t.read(reply);
      if (reply.ended() === 'broken' && !tells) return;
      const message = said.error?.message ?? '';
      // A body passed on as it is, without its end, says what the provider said; to a reader of streams that is a failure, too.
      const same = t.route.client === t.route.upstream && whole;
      const added = (await reply.events()).find(({ data }) => ENDS.test(data));
      const seen = said.ending === 'failed' || (same && added === undefined);
      const last = said.ending === 'none' ? 'just stops, and does not say why' : tellEnding(said.ending);
      const own = added && `although the provider did not say so, it ends with ${startOf(added.data, 80)}`;
      t.expect(seen, own ?? `the stream ${last}`, { where: 'answer' });
      if (tells)
        t.expect(message.includes(MESSAGE), `the provider's message is lost: ${message || 'there is none'}`, {
          where: 'answer',
          // That it failed is what a client goes by.
          lesser: true,
        });
    },
  },
]);

export const MID_STREAM_CHECKS: readonly Check[] = BREAK_CHECKS;
