import type { Protocol } from '../../../util/types.ts';
import type { Check } from '../../check.ts';
import type { Said } from '../../harness/said.ts';
import type { Trial } from '../../harness/trial.ts';
import type { ScriptedItem } from '../../provider/responses.ts';
import { tellEnding } from '../shared/words.ts';
import { type Change, counting, ending, say } from './say.ts';
import { ALL_CLIENTS, DOWN, TRANSLATED } from './told.ts';

type Json = Record<string, unknown>;

const HALF: ScriptedItem = { type: 'message', text: 'Half of what I wanted to' };
const COUNTED = { input: 1000, cached: 600, output: 100, reasoning: 40 };

/** How a provider ends its answer, and what the client has to see of it. */
interface End {
  name: string;
  requirement: string;
  source: string;
  level?: Check['level'];
  upstreams?: Check['upstreams'];
  clients?: Check['clients'];
  changes: Record<Protocol, Change>;
  judge(t: Trial, said: Said): void;
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

/** A text of the model is its refusal, where the protocol tells them apart. */
const REFUSED: Record<Protocol, Change> = {
  responses(data) {
    for (const [from, to] of Object.entries(REFUSAL_EVENTS)) if (data.type === from) data.type = to;
    if (data.type === 'response.refusal.done') {
      data.refusal = data.text;
      delete data.text;
    }
    const response = (data.response ?? data) as Json;
    for (const item of [data.item as Json | undefined, ...listOf(response.output)])
      if (item?.type === 'message') item.content = listOf(item.content).map(refusalPart);
    if (data.part) data.part = refusalPart(data.part as Json);
  },
  chat(data) {
    for (const choice of listOf(data.choices)) {
      const message = (choice.message ?? choice.delta) as Json;
      if (typeof message.content !== 'string') continue;
      message.refusal = message.content;
      message.content = null;
    }
  },
  messages: () => {},
};

const REFUSAL_EVENTS = {
  'response.output_text.delta': 'response.refusal.delta',
  'response.output_text.done': 'response.refusal.done',
};

function refusalPart({ text }: Json): Json {
  return { type: 'refusal', refusal: text };
}

const ENDS: readonly End[] = [
  {
    name: 'length',
    requirement: 'An answer that was cut at its limit is told as cut, with the text so far.',
    source: 'measured: an incomplete answer told as complete (codex-api-proxy); Codex would go on with half an answer',
    changes: ending('length'),
    judge(t, said) {
      t.expect(said.ending === 'length', `the answer ${tellEnding(said.ending)}`, DOWN);
      t.expectSame(said.text, HALF.type === 'message' && HALF.text, 'the text is not the same', DOWN);
    },
  },
  {
    name: 'filter',
    requirement: 'An answer that a filter of the provider ended is not told as complete.',
    source: 'API references: content_filter of OpenAI, refusal of Anthropic; measured: told as `stop`',
    changes: ending('filter'),
    judge(t, said) {
      // With a part that says that it is a refusal, too, a client can see it.
      const told =
        ['filter', 'failed', 'length'].includes(said.ending) ||
        JSON.stringify(said.events).includes('"type":"refusal"');
      t.expect(told, `the answer ${tellEnding(said.ending)}`, DOWN);
    },
  },
  {
    name: 'refusal',
    requirement: 'What the model says where it refuses to answer arrives.',
    source: 'OpenAI API references, refusal: a field of its own, which a reader of texts does not see',
    level: 'should',
    upstreams: ['responses', 'chat'],
    changes: REFUSED,
    judge: (t, said) => void t.expectSame(said.text, HALF.type === 'message' && HALF.text, 'the refusal is lost', DOWN),
  },
  {
    name: 'cached-tokens',
    requirement:
      'Tokens that were read from a cache are counted as such, within the input for OpenAI, beside it for Anthropic.',
    source:
      'API references, usage; measured: three numbers on three routes for one answer (CLIProxyAPI), and prices that follow from them',
    level: 'should',
    changes: counting(COUNTED),
    judge(t, said) {
      const { input, cached, output } = said.usage ?? {};
      const due = { input: t.protocol === 'messages' ? 400 : 1000, cached: 600, output: 100 };
      t.expectSame({ input, cached, output }, due, 'the tokens are not the same', DOWN);
    },
  },
  {
    name: 'reasoning-tokens',
    requirement: 'Tokens of thoughts are told as part of the output.',
    source: 'OpenAI API references, usage: the output has them in it',
    level: 'should',
    clients: ['responses', 'chat'],
    upstreams: ['responses', 'chat'],
    changes: counting(COUNTED),
    judge(t, said) {
      const { output, reasoning } = said.usage ?? {};
      t.expectSame({ output, reasoning }, { output: 100, reasoning: 40 }, 'the tokens are not the same', DOWN);
    },
  },
];

/** How answers of a provider of another protocol end. */
export const TRANSLATED_END_CHECKS: readonly Check[] = ENDS.flatMap(
  ({ name, requirement, source, level = 'must', upstreams, clients = TRANSLATED.clients, changes, judge }) =>
    [true, false].map(
      (stream): Check => ({
        ...TRANSLATED,
        id: `translate.end.${name}-${stream ? 'stream' : 'json'}`,
        requirement: `${requirement} (${stream ? 'as a stream' : 'as a document'})`,
        source,
        level,
        profiles: stream ? ALL_CLIENTS : ALL_CLIENTS.filter((profile) => profile !== 'codex'),
        clients,
        ...(upstreams ? { upstreams } : {}),
        async run(t) {
          say(t, [HALF], changes);
          const said = await t.ask({ stream });
          if (/tokens/.test(name) && said.usage?.input === undefined)
            return t.stop('inconclusive', 'the client is told no usage; translate.answer.usage says so');
          judge(t, said);
        },
      }),
    ),
);
