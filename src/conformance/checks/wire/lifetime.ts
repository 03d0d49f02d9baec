import { sha256Hex } from '../../../util/sha256.ts';
import { type Check, EVERY_CLIENT } from '../../check.ts';
import { answerItems } from '../../provider/default-answer.ts';
import { sayWithGate, TEXT } from '../shared/streams.ts';
import { holdsText } from '../shared/strings.ts';

const ALL_CLIENTS = ['codex', 'open-responses', 'openai', 'anthropic'] as const;

/** Streams at once: what a team of agents behind one gateway comes to. */
const PARALLEL = 100;

/** When requests and answers begin and end, and that they stay apart. */
export const LIFETIME_CHECKS: readonly Check[] = [
  {
    id: 'wire.cancel.mid-stream',
    revision: 1,
    requirement: 'When a client goes away in the middle of a stream, the request upstream is ended.',
    source: 'whoever pays for tokens; measured: gateways that let the model write on',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      const gate = sayWithGate(t, TEXT);
      gate.release();
      const reply = await t.call({ body: t.prompt() });
      const call = await t.upstream.next();
      await reply.nextEvent();
      reply.abort();
      t.expect(
        (await t.within(call.closed, 'the end of the request upstream')) === 'gone',
        'the request upstream went on to its end',
      );
    },
  },
  {
    id: 'wire.cancel.before-answer',
    revision: 1,
    requirement: 'When a client goes away before the answer begins, the request upstream is ended.',
    source: 'whoever pays for tokens',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      t.upstream.answer(() => ({ kind: 'silence' }));
      const left = t.leave({ body: t.prompt() });
      const call = await t.upstream.next();
      left();
      t.expect(
        (await t.within(call.closed, 'the end of the request upstream')) === 'gone',
        'the request upstream went on to its end',
      );
    },
  },
  {
    id: 'wire.parallel.apart',
    revision: 2,
    requirement: `${PARALLEL} streams at once each get their own answer, or are refused as too many.`,
    source: 'issue reports: answers mixed up under load',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    patience: 2,
    async run(t) {
      const wordOf = (n: number) => `word-${sha256Hex(`${t.marker} ${n}`).slice(0, 12)}`;
      const words = Array.from({ length: PARALLEL }, (_, n) => wordOf(n));
      t.upstream.answer((request, context) => {
        const word = words.find((one) => holdsText(request.json, one)) ?? 'none of them';
        return answerItems({ items: [{ type: 'message', text: `You said ${word}.` }] })(request, context);
      });
      const replies = await Promise.all(words.map((word) => t.call({ body: t.prompt({ text: `Say ${word}` }) })));
      const full = replies.filter(({ status }) => status === 429 || status === 503).length;
      if (full > 0) return t.stop('unsupported', `the gateway refuses ${full} of ${PARALLEL} streams at once, as full`);
      const said = await Promise.all(replies.map((reply) => t.read(reply)));
      const wrong = said.filter(({ text }, n) => text !== `You said ${words[n]}.`);
      t.expect(wrong.length === 0, `${wrong.length} of ${PARALLEL} got another answer: ${wrong[0]?.text}`, {
        where: 'answer',
      });
    },
  },
  {
    id: 'wire.slow-reader.whole',
    revision: 1,
    requirement: 'A client that reads nothing for a while gets the whole stream afterwards.',
    source: 'agents that wait for a tool while the answer comes',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    patience: 2,
    async run(t) {
      // More than the buffers between hold, so that the gateway has to wait.
      const text = Array.from({ length: 64 }, (_, i) => `${i}:${'x'.repeat(64 * 1024)}`).join(' ');
      t.upstream.answer(answerItems({ items: [{ type: 'message', text }] }));
      const reply = await t.call({ body: t.prompt() });
      reply.pause();
      // Reads on as soon as other requests have gone through: a time that depends on no clock.
      await t.ask({ text: 'Say something meanwhile.' });
      reply.resume();
      const said = await t.read(reply);
      t.expect(said.text === text, `of ${text.length} characters ${said.text.length} came`, { where: 'answer' });
    },
  },
  {
    id: 'wire.keep-alive.next-request',
    revision: 2,
    requirement: 'A connection that is kept open after an answer takes another request.',
    source: 'RFC 9112 section 9.3',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'model',
    clients: EVERY_CLIENT,
    async run(t) {
      let reused = false;
      for (const text of ['First.', 'Second.', 'Third.']) {
        const reply = await t.call({ body: t.prompt({ text }) });
        const said = await t.read(reply);
        reused ||= reply.reused;
        t.expect(said.text !== '', `${text} got an empty answer`, { where: 'answer' });
      }
      if (!reused) t.stop('not-applicable', 'the gateway closes the connection after every answer');
    },
  },
];
