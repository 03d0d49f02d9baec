import type { Check } from '../../check.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { StreamEvent } from '../../provider/events.ts';
import { validAnswerChecks } from '../shared/valid-answers.ts';

type Json = Record<string, unknown>;

const TEXT = 'alpha bravo charlie delta';

/** What a provider may put into a stream besides the answer. */
const BESIDES: readonly { name: string; what: string; source: string; event: StreamEvent }[] = [
  {
    name: 'pings',
    what: 'Pings anywhere in a stream',
    source: 'Messages API, streaming: "Event streams may also include any number of ping events"',
    event: { event: 'ping', data: { type: 'ping' } },
  },
  {
    name: 'future-event',
    what: 'Events of a type that nobody knows yet',
    source: 'Messages API, versioning: new types of events may be added, and clients are to take them',
    event: { event: 'made_up_event', data: { type: 'made_up_event', made: 'up' } },
  },
];

/** How an answer of Messages is told. */
export const MESSAGES_STREAM_CHECKS: readonly Check[] = [
  ...validAnswerChecks('messages', 'Messages', ['anthropic']),
  ...BESIDES.map(
    ({ name, what, source, event }): Check => ({
      id: `messages.stream.${name}`,
      revision: 1,
      requirement: `${what} take nothing from the answer.`,
      source,
      level: 'should',
      profiles: ['anthropic'],
      needs: 'upstream',
      clients: ['messages'],
      pair: 'same',
      async run(t) {
        t.upstream.answer((request, context) => {
          const answer = answerItems({ items: [{ type: 'message', text: TEXT }] })(request, context);
          // Behind every event but the last: nothing comes after the end.
          if (answer.kind !== 'events') return answer;
          const last = answer.events.length - 1;
          return { ...answer, events: answer.events.flatMap((one, i) => (i < last ? [one, event] : [one])) };
        });
        const said = await t.ask();
        t.expectSame(said.text, TEXT, 'the text is another one', { where: 'answer' });
        t.expectSame(said.ending, 'stop', 'the answer has another end', { where: 'answer' });
        const end = said.events.at(-1) as Json | undefined;
        t.expectSame(end?.type, 'message_stop', 'the stream has another end', { where: 'answer' });
      },
    }),
  ),
];
