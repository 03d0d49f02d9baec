import type { Protocol } from '../../../util/types.ts';
import { validateDocument, validateStream } from '../../../validate/document.ts';
import type { Finding } from '../../../validate/findings.ts';
import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { ScriptedItem } from '../../provider/responses.ts';
import { expectValid } from '../shared/valid.ts';
import { type Change, changed, ending } from './say.ts';
import { ALL_CLIENTS, TRANSLATED } from './told.ts';

const CALL = { type: 'function_call', name: WEATHER_TOOL.name, arguments: { city: 'Åre "x"\n' } } as const;
const TEXT = { type: 'message', text: 'I look it up.' } as const;

const NOTHING: Record<Protocol, Change> = { responses: () => {}, chat: () => {}, messages: () => {} };

/** Answers whose form is easily got wrong. */
const ANSWERS: readonly {
  name: string;
  what: string;
  items: readonly ScriptedItem[];
  changes?: Record<Protocol, Change>;
}[] = [
  {
    name: 'everything',
    what: 'thoughts, a text and two calls',
    items: [{ type: 'reasoning', summary: 'A made-up thought.' }, TEXT, CALL, { ...CALL, arguments: {} }],
  },
  { name: 'call-alone', what: 'a call and no text', items: [CALL] },
  { name: 'cut', what: 'a text that was cut', items: [TEXT], changes: ending('length') },
  { name: 'nothing', what: 'no word at all', items: [{ type: 'message', text: '' }] },
];

const PLAIN: readonly ScriptedItem[] = [{ type: 'message', text: 'Short.' }];

const ROOTS = { responses: 'responses.response', chat: 'chat.response', messages: 'messages.response' } as const;

/** What is wrong with the form of the client's answer when the provider says this. */
async function findingsFor(
  t: Trial,
  stream: boolean,
  items: readonly ScriptedItem[],
  changes: Record<Protocol, Change>,
): Promise<Finding[]> {
  t.upstream.answer((request, context) =>
    changed(answerItems({ items })(request, context), changes[request.protocol ?? 'responses']),
  );
  const reply = await t.call({ body: t.prompt({ tools: [WEATHER_TOOL], stream }) });
  await t.read(reply);
  const findings = stream
    ? validateStream(t.protocol, await reply.bytes(), 'complete', ['tolerant'])
    : validateDocument(ROOTS[t.protocol], await reply.text(), ['tolerant']);
  return findings.filter(({ severity }) => severity === 'error');
}

/** The rule and its place, whatever the number of the item or event. */
function nameOf({ rule, pointer }: Finding): string {
  return `${rule} ${pointer.replace(/\d+/g, '0')}`;
}

const SOURCE = "docs/validation.md, profile tolerant; generated from the official SDKs' types";

/** What Codex makes of an answer is for codex.answer to say, which knows what it minds. */
const PROFILES = ALL_CLIENTS.filter((profile) => profile !== 'codex');

/** Whether translated answers are what the client's protocol says that an answer is. */
export const TRANSLATED_SHAPE_CHECKS: readonly Check[] = [
  {
    ...TRANSLATED,
    revision: 2,
    id: 'translate.shape.plain-json',
    requirement: "A document with a text has the form that the client's protocol gives it.",
    source: SOURCE,
    level: 'should',
    profiles: PROFILES,
    run: async (t) => expectValid(t, await findingsFor(t, false, PLAIN, NOTHING)),
  },
  ...ANSWERS.flatMap(({ name, what, items, changes = NOTHING }): Check[] =>
    [true, false].map((stream) => ({
      ...TRANSLATED,
      revision: 2,
      id: `translate.shape.${name}-${stream ? 'stream' : 'json'}`,
      requirement: `${stream ? 'A stream' : 'A document'} with ${what} has the form that the client's protocol gives it.`,
      source: SOURCE,
      level: 'must',
      profiles: PROFILES,
      async run(t) {
        // What is wrong with every answer is told once: by translate.shape.plain-json, and by wire.stream.grammar.
        const known = new Set((await findingsFor(t, stream, PLAIN, NOTHING)).map(nameOf));
        const findings = await findingsFor(t, stream, items, changes);
        expectValid(
          t,
          findings.filter((finding) => !known.has(nameOf(finding))),
        );
      },
    })),
  ),
];
