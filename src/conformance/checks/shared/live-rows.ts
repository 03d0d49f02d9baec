import type { Protocol } from '../../../util/types.ts';
import { type Prompt, WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Said } from '../../harness/said.ts';
import type { Trial } from '../../harness/trial.ts';
import { makePng } from '../../png.ts';
import type { ScriptedItem } from '../../provider/responses.ts';
import { askUntil, type LiveRow, liveChecks } from './live.ts';
import { textIn } from './streams.ts';
import { tellEnding } from './words.ts';

/** Words that a model does not say by itself. */
const WORD = 'quartzwren';
const RESULT = 'four-and-a-half-degrees';
const GLYPHS = 'Grüße, 世界 🎞️';

const CALL: ScriptedItem = { type: 'function_call', name: 'get_weather', arguments: { city: 'Oslo' } };

const ASK_TOOL: Partial<Prompt> = {
  text: 'How is the weather in Oslo now? Call the tool get_weather; say nothing else.',
  tools: [WEATHER_TOOL],
};

function say(text: string): ScriptedItem {
  return { type: 'message', text };
}

const has = (word: string) => (said: Said) => said.text.toLowerCase().includes(word);

async function tryCall(t: Trial, stream: boolean) {
  const said = await askUntil(t, { ...ASK_TOOL, stream }, { wanted: called, done: 'call the tool', optional: true });
  const [call] = said.toolCalls;
  t.expect(call!.name === 'get_weather', `the tool get_weather was called as ${call!.name}`, { where: 'answer' });
  t.expect((call!.callId ?? '') !== '', 'the call has no id', { where: 'answer' });
  const args = objectOf(call!.arguments);
  t.expect(args !== undefined, 'the arguments of the call are no JSON object', {
    where: 'answer',
    actual: call!.arguments,
  });
  t.expect(said.ending === 'calls', `an answer that calls a tool ${tellEnding(said.ending)}`, { where: 'answer' });
  return { id: call!.callId ?? '', name: call!.name, arguments: args ?? {} };
}

function called({ toolCalls }: Said): boolean {
  return toolCalls.length > 0;
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, degrees: { type: 'integer' } },
  required: ['city', 'degrees'],
  additionalProperties: false,
};

const FORMATS: Record<Protocol, Record<string, unknown>> = {
  responses: { text: { format: { type: 'json_schema', name: 'weather', strict: true, schema: SCHEMA } } },
  chat: { response_format: { type: 'json_schema', json_schema: { name: 'weather', strict: true, schema: SCHEMA } } },
  messages: { output_config: { format: { type: 'json_schema', schema: SCHEMA } } },
};

/** At least so many pieces make up a text of forty words, however a provider cuts it. */
const PIECES = 3;

const ROWS: readonly LiveRow[] = [
  {
    rule: 'text',
    requirement: 'A word that the model is asked for comes, and the answer ends as finished.',
    level: 'must',
    play: [[say(WORD)]],
    async run(t) {
      const said = await askUntil(
        t,
        { text: `Answer with the single word ${WORD}.` },
        { wanted: has(WORD), done: 'say the word' },
      );
      t.expect(said.ending === 'stop', `a finished answer ${tellEnding(said.ending)}`, { where: 'answer' });
    },
  },
  {
    rule: 'tool-call',
    requirement: 'A tool call comes with its name, an id and whole arguments, as a stream.',
    level: 'must',
    play: [[CALL]],
    run: async (t) => void (await tryCall(t, true)),
  },
  {
    rule: 'tool-call-document',
    requirement: 'A tool call comes with its name, an id and whole arguments, as a document.',
    level: 'must',
    play: [[CALL]],
    run: async (t) => void (await tryCall(t, false)),
  },
  {
    rule: 'tool-result',
    requirement: 'A call of the model can be answered by its own id, and the model knows the result.',
    level: 'must',
    play: [[CALL], [say(`It has ${RESULT}.`)]],
    async run(t) {
      const call = await tryCall(t, true);
      const text = 'How is the weather in Oslo now? Call the tool get_weather, then repeat its result literally.';
      await askUntil(
        t,
        { text, tools: [WEATHER_TOOL], calls: [{ ...call, output: RESULT }] },
        { wanted: has(RESULT), done: 'repeat the result', optional: true },
      );
    },
  },
  {
    rule: 'history',
    requirement: 'The model knows what was said before.',
    level: 'must',
    play: [[say(WORD)]],
    async run(t) {
      const before = [
        { role: 'user', text: `The code word is ${WORD}. Keep it in mind.` },
        { role: 'assistant', text: 'I will.' },
      ] as const;
      await askUntil(t, { before, text: 'What is the code word?' }, { wanted: has(WORD), done: 'say the code word' });
    },
  },
  {
    rule: 'instructions',
    requirement: 'The model knows its instructions.',
    level: 'must',
    play: [[say(WORD)]],
    async run(t) {
      const system = `The code word is ${WORD}. Say it whenever you are asked for it.`;
      await askUntil(t, { system, text: 'What is the code word?' }, { wanted: has(WORD), done: 'say the code word' });
    },
  },
  {
    rule: 'pieces',
    requirement: 'A longer text is streamed in pieces, and not as a whole.',
    level: 'should',
    play: [[say('one two three four five six seven eight nine ten '.repeat(4).trim())]],
    async run(t) {
      const text = 'Write the numbers from one to forty as English words, with blanks between.';
      for (let tries = 0; tries < 3; tries++) {
        const reply = await t.call({ body: t.prompt({ text }) });
        const said = await t.read(reply);
        if (said.text.length < 150) continue;
        const pieces = (await reply.events()).filter((event) => textIn(t.protocol, event) !== '').length;
        t.expect(pieces >= PIECES, `a text of ${said.text.length} characters came in ${pieces} pieces`, {
          where: 'answer',
        });
        return;
      }
      t.stop(t.isLive ? 'inconclusive' : 'fail', 'no answer was long enough to be cut into pieces');
    },
  },
  {
    rule: 'usage',
    requirement: 'The tokens of an answer are counted, in a stream as in a document.',
    level: 'should',
    play: [[say(WORD)]],
    async run(t) {
      for (const stream of [true, false]) {
        const { usage } = await t.ask({ text: `Answer with the single word ${WORD}.`, stream });
        const counted = (usage?.input ?? 0) > 0 && (usage?.output ?? 0) > 0;
        t.expect(counted, `a ${stream ? 'stream' : 'document'} does not say what it cost`, {
          where: 'answer',
          actual: usage,
        });
      }
    },
  },
  {
    rule: 'letters',
    requirement: 'Letters of other scripts come through unharmed, both ways.',
    level: 'must',
    play: [[say(GLYPHS)]],
    async run(t) {
      const text = `Repeat this literally, and say nothing else: ${GLYPHS}`;
      const said = await askUntil(
        t,
        { text },
        { wanted: ({ text: told }) => /世界|\ufffd/.test(told), done: 'repeat it' },
      );
      t.expect(!said.text.includes('\ufffd'), 'letters came as replacement characters', {
        where: 'answer',
        actual: said.text,
      });
    },
  },
  {
    rule: 'structured-output',
    requirement: 'An answer for which a JSON schema is given is JSON of that form.',
    level: 'should',
    play: [[say('{"city":"Oslo","degrees":4}')]],
    async run(t) {
      const wanted = ({ text }: Said) => {
        const found = objectOf(text);
        return typeof found?.city === 'string' && Number.isInteger(found.degrees);
      };
      const prompt = { text: 'In Oslo it has four degrees. Give city and degrees.', more: FORMATS[t.protocol] };
      await askUntil(t, prompt, { wanted, done: 'answer in the form of the schema', optional: true });
    },
  },
  {
    rule: 'image',
    requirement: 'The model sees an image that is sent with the prompt.',
    level: 'should',
    play: [[say('The brightest colour is orange.')]],
    async run(t) {
      const text =
        'Which colour is the brightest corner of this image: green, orange, blue or violet? Answer in one word.';
      const image = Buffer.from(makePng(64)).toString('base64');
      await askUntil(t, { text, image }, { wanted: has('orange'), done: 'name the colour', optional: true });
    },
  },
];

/** What a model can be asked to do through any gateway; with a real one it may prove nothing, and never accuses. */
export const LIVE_CHECKS = liveChecks(ROWS);
