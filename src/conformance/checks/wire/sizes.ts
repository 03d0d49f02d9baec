import { toUtf8 } from '../../../util/bytes.ts';
import { type Check, EVERY_CLIENT } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { holdsText } from '../shared/strings.ts';
import { startOfJson, tellEnding } from '../shared/words.ts';

const ALL_CLIENTS = ['codex', 'open-responses', 'openai', 'anthropic'] as const;
const MIB = 1024 * 1024;

/** A long session with images is tens of MiB; OpenAI takes up to 50 MB of images in one request. */
const SIZES = [
  { mib: 10, level: 'must' },
  { mib: 60, level: 'should' },
] as const;

async function sendLong(t: Trial, mib: number): Promise<void> {
  const end = 'the end of a long text';
  const text = `${'a long text '.repeat(Math.floor((mib * MIB) / 12))}${end}`;
  const reply = await t.call({ body: t.prompt({ text }) });
  if (reply.status === 413) return t.stop('unsupported', `the gateway refuses bodies of ${mib} MiB with 413`);
  await t.read(reply);
  t.expect(holdsText(t.sentUp(), end), 'the end of the text did not come to the upstream', {
    where: 'upstream request',
  });
}

export const SIZE_CHECKS: readonly Check[] = [
  ...SIZES.map(
    ({ mib, level }): Check => ({
      id: `wire.size.request-${mib}-mib`,
      revision: 1,
      requirement: `A request of ${mib} MiB is carried whole, or refused with 413.`,
      source: 'long sessions of Codex with images; OpenAI API reference: 50 MB of images a request',
      level,
      profiles: ALL_CLIENTS,
      needs: 'upstream',
      clients: EVERY_CLIENT,
      // Side by side they would measure the machine.
      alone: 'unmarked',
      patience: 4,
      run: (t) => sendLong(t, mib),
    }),
  ),
  {
    id: 'wire.size.chunked-request',
    revision: 1,
    requirement: 'A request body with chunked coding and no length is read like any other.',
    source: 'RFC 9112 section 7.1',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      const text = 'naïve 你好 🙂';
      const bytes = toUtf8(JSON.stringify(t.prompt({ text })));
      const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(i * 7, i * 7 + 7));
      await t.read(await t.call({ method: 'POST', pieces }));
      t.expect(holdsText(t.sentUp(), text), 'the upstream did not get the text as it was sent', {
        where: 'upstream request',
      });
    },
  },
  {
    id: 'wire.size.one-json-document',
    revision: 1,
    requirement: 'An answer that is no stream is one JSON document, labelled application/json.',
    source: 'API references; RFC 8259',
    level: 'must',
    profiles: ['open-responses', 'openai', 'anthropic'],
    needs: 'model',
    clients: EVERY_CLIENT,
    async run(t) {
      const reply = await t.call({ body: t.prompt({ stream: false }) });
      const said = await t.read(reply);
      const type = reply.header('content-type') ?? 'nothing at all';
      t.expect(/^application\/json\b/i.test(type), `a request without stream is answered as ${type}`, {
        where: 'answer',
      });
      t.expect(
        said.text !== '' && said.ending === 'stop',
        `the answer says ${startOfJson(said.text, 200)} and ${tellEnding(said.ending)}`,
        {
          where: 'answer',
        },
      );
    },
  },
];
