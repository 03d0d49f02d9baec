import { validateStream } from '../../../validate/document.ts';
import { type Check, EVERY_CLIENT } from '../../check.ts';
import { sayWithGate, TEXT, textIn } from '../shared/streams.ts';
import { expectValid } from '../shared/valid.ts';

/** How an answer's events get to the client: as they come, whole, and in order. */
export const STREAMING_CHECKS: readonly Check[] = [
  {
    id: 'wire.stream.content-type',
    revision: 2,
    requirement: 'A stream is labelled text/event-stream.',
    source: 'WHATWG HTML 9.2; Codex 0.113.0 to 0.169.0 read the body as events whatever it says, the SDKs do not',
    level: 'must',
    profiles: ['open-responses', 'openai', 'anthropic'],
    needs: 'model',
    clients: EVERY_CLIENT,
    async run(t) {
      const reply = await t.call({ body: t.prompt() });
      await t.read(reply);
      const type = reply.header('content-type');
      t.expect(/^text\/event-stream\b/i.test(type ?? ''), `the stream is labelled ${type ?? 'nothing at all'}`);
    },
  },
  {
    id: 'wire.stream.held-back',
    revision: 3,
    requirement: 'Every event is passed on when it comes, and not when a later one or the end comes.',
    source: 'WHATWG HTML 9.2.6; measured: a gateway that answers text/event-stream with everything at the end',
    level: 'must',
    profiles: ['codex', 'open-responses', 'openai', 'anthropic'],
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      const gate = sayWithGate(t, TEXT);
      // A gateway may begin its answer with the first word, so that it can still answer an early failure with a status.
      gate.release();
      const reply = await t.call({ body: t.prompt() });
      let text = '';
      const comes = async (word: string): Promise<boolean> => {
        while (!text.includes(word)) {
          const event = await reply.nextEvent();
          if (!event) return false;
          text += textIn(t.protocol, event);
        }
        return true;
      };
      // One word at a time: the next is said when the one before has arrived.
      for (const [i, word] of gate.words.entries()) {
        if (i > 0) gate.release();
        // Events that keep the connection alive may come without end.
        if (!(await t.within(comes(word), `the word ${JSON.stringify(word)}`)))
          return t.stop('fail', `the stream ended before the word ${JSON.stringify(word)}`);
      }
      gate.releaseAll();
      await reply.events();
      t.expect(reply.ended() === 'complete', 'the stream broke off');
    },
  },
  {
    id: 'wire.stream.grammar',
    revision: 2,
    requirement: "A stream keeps the order of its protocol's events, and every event fits its schema.",
    source: "docs/validation.md, profile tolerant; generated from the official SDKs' types",
    level: 'must',
    profiles: ['open-responses', 'openai', 'anthropic'],
    needs: 'model',
    clients: EVERY_CLIENT,
    async run(t) {
      const reply = await t.call({ body: t.prompt() });
      await t.read(reply);
      const findings = validateStream(t.protocol, await reply.bytes(), 'complete', ['tolerant']);
      expectValid(t, findings);
    },
  },
];
