import { validateDocument, validateStream } from '../../../validate/document.ts';
import type { Check, ConformanceProfile } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { ScriptedItem } from '../../provider/responses.ts';
import { expectValid } from './valid.ts';
import { startOf } from './words.ts';

/** A call of the tool of checks. */
export const CALL = { type: 'function_call', name: WEATHER_TOOL.name, arguments: { city: 'Rome' } } as const;

/** What a model may say, in whatever protocol. */
const SAID: readonly { name: string; what: string; items: readonly ScriptedItem[] }[] = [
  { name: 'text', what: 'a text', items: [{ type: 'message', text: 'Made up.' }] },
  { name: 'call', what: 'a call', items: [CALL] },
  {
    name: 'all',
    what: 'a thought, a text and two calls',
    items: [
      { type: 'reasoning', summary: 'A made-up thought.' },
      { type: 'message', text: 'I look.' },
      CALL,
      { ...CALL, arguments: { city: 'Åre' } },
    ],
  },
];

const ROOTS = { chat: 'chat.response', messages: 'messages.response' } as const;

/** Whatever the provider speaks, answers fit the schema of the client's protocol, and streams its order of events. */
export function validAnswerChecks(
  client: 'chat' | 'messages',
  title: string,
  profiles: readonly ConformanceProfile[],
): Check[] {
  return SAID.flatMap(({ name, what, items }) =>
    [true, false]
      // The stream of a text is tried by `wire.stream.grammar`.
      .filter((stream) => !stream || name !== 'text')
      .map(
        (stream): Check => ({
          id: `${client}.valid.${name}-${stream ? 'stream' : 'json'}`,
          revision: 2,
          requirement: `${stream ? 'A stream' : 'A document'} with ${what} fits the schema${stream ? ' and the order of events' : ''} of ${title}.`,
          source: "docs/validation.md, profile tolerant; generated from the official SDK's types",
          level: 'must',
          profiles,
          needs: 'upstream',
          clients: [client],
          async run(t) {
            t.upstream.answer(answerItems({ items }));
            const reply = await t.call({ body: t.prompt({ stream, tools: [WEATHER_TOOL] }) });
            await t.read(reply);
            if (stream) return expectValid(t, validateStream(client, await reply.bytes(), 'complete', ['tolerant']));
            const json = await reply.json();
            if (json === undefined)
              return t.stop('fail', `the document is no JSON: ${startOf(await reply.text(), 200)}`);
            expectValid(t, validateDocument(ROOTS[client], JSON.stringify(json), ['tolerant']));
          },
        }),
      ),
  );
}
