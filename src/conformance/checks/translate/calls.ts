import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import { callProblems } from './call-order.ts';
import { conversation, type Past } from './history.ts';
import type { ToldModel, Turn } from './read-request.ts';
import { DOWN, PNG, TRANSLATED, tell, textsOf, UP } from './told.ts';
import { toolsFor } from './tools-for.ts';

const CALL = { call: 'call_made_up_1', arguments: { city: 'Oslo' } };
const SECOND = { call: 'call_made_up_2', arguments: { city: 'Rome' } };
const RESULT = { result: CALL.call, output: 'seven degrees' };
const SECOND_RESULT = { result: SECOND.call, output: 'twenty degrees' };
const ASK: Past = { user: 'How is the weather?' };

const UNICODE = 'naïve 你好 🙂 "quoted" \\ back\nnew line\ttab';
const CODEX = 'Codex 0.113.0 to 0.169.0, measured';

/** A conversation with calls, and what of it a provider has to get. */
interface Row {
  name: string;
  requirement: string;
  source: string;
  level?: Check['level'];
  clients?: Check['clients'];
  upstreams?: Check['upstreams'];
  /** The request offers none. */
  withoutTools?: true;
  items: readonly Past[];
  /** Arguments with their results, in the order of the calls; `null` stands for a result that the gateway may make up. */
  pairs: readonly [city: string, output: string | null][];
  judge?(t: Trial, model: ToldModel): void;
}

function imagesIn(turns: readonly Turn[]): string[] {
  return turns.flatMap((turn) => (turn.kind === 'image' ? [turn.data] : []));
}

/** Conversations that every provider takes. */
const ROWS: readonly Row[] = [
  {
    name: 'one-after-the-other',
    requirement: 'Calls that were made one after the other stay apart, each with its result behind it.',
    source: `${CODEX}: a turn is call, result, call, result without a word between`,
    items: [ASK, CALL, RESULT, SECOND, SECOND_RESULT],
    pairs: [
      ['Oslo', 'seven degrees'],
      ['Rome', 'twenty degrees'],
    ],
  },
  {
    name: 'results-in-another-order',
    requirement: 'Results that come in another order than their calls stay with their calls.',
    source: 'Claude Code 2.1.329, measured: results come in the order in which they were ready',
    items: [ASK, CALL, SECOND, SECOND_RESULT, RESULT],
    pairs: [
      ['Oslo', 'seven degrees'],
      ['Rome', 'twenty degrees'],
    ],
  },
  {
    name: 'text-beside-call',
    requirement: 'What the model said before a call arrives beside the call, as what the model said.',
    source: 'measured: the text is lost beside tool_use (codex-api-proxy)',
    items: [ASK, { assistant: 'I look it up.' }, CALL, RESULT],
    pairs: [['Oslo', 'seven degrees']],
    judge(t, { turns }) {
      const said = textsOf(turns).some(([role, text]) => role === 'assistant' && text.includes('I look it up.'));
      t.expect(said, 'the text before the call is lost', UP);
    },
  },
  {
    name: 'text-behind-result',
    requirement: 'What the user says behind a result arrives behind the result, as what the user said.',
    source: 'measured: the text is lost beside tool_result (codex-api-proxy); Claude Code puts reminders there',
    items: [ASK, CALL, RESULT, { user: 'Now in French.' }],
    pairs: [['Oslo', 'seven degrees']],
    judge(t, { turns }) {
      const at = turns.findIndex((turn) => turn.kind === 'text' && turn.text.includes('Now in French.'));
      const turn = turns[at];
      if (!t.expect(turn?.kind === 'text' && turn.role === 'user', 'what the user said last is lost', UP)) return;
      t.expect(at > turns.findIndex(({ kind }) => kind === 'result'), 'it stands before the result', UP);
    },
  },
  {
    name: 'developer-between',
    requirement: 'A message of the developer between a call and its result does not tear them apart, and is not lost.',
    source: `${CODEX}: notes on permissions and interruptions stand there; providers refuse a call that its result does not follow`,
    clients: ['responses'],
    items: [ASK, CALL, { developer: 'Made-up note 17.' }, RESULT],
    pairs: [['Oslo', 'seven degrees']],
    judge(t, { system, turns }) {
      const told = system.includes('note 17') || textsOf(turns).some(([, text]) => text.includes('note 17'));
      t.expect(told, 'the message of the developer is lost', UP);
    },
  },
  {
    name: 'empty-result',
    requirement: 'A result that is an empty text is still the result of its call.',
    source: 'commands that print nothing; measured: dropped, and the provider refuses the call without a result',
    items: [ASK, CALL, { ...RESULT, output: '' }],
    pairs: [['Oslo', null]],
  },
  {
    name: 'unicode-result',
    requirement: 'A result arrives character by character.',
    source: 'output of commands: whatever the protocol',
    items: [ASK, CALL, { ...RESULT, output: UNICODE }],
    pairs: [['Oslo', UNICODE]],
  },
  {
    name: 'result-of-parts',
    requirement: 'A result that is a list of texts arrives as these texts, and not as JSON.',
    source: `${CODEX}: MCP tools and code mode; measured: told as a JSON text (GoModel)`,
    items: [ASK, CALL, { ...RESULT, output: [{ text: 'part "one" ' }, { text: 'part two' }] }],
    pairs: [['Oslo', null]],
    judge(t, { turns }) {
      const told = turns.find((turn) => turn.kind === 'result')?.text ?? '';
      const both = /part "one"\s+part two/.test(told);
      t.expect(both, `the result says ${JSON.stringify(told)}`, UP);
    },
  },
  {
    name: 'result-with-image',
    requirement: 'An image in a result arrives as an image, with its bytes.',
    source: `${CODEX}: view_image; Claude Code: Read of an image; measured: told as a JSON text, or lost`,
    clients: ['responses', 'messages'],
    items: [ASK, CALL, { ...RESULT, output: [{ text: 'seven degrees' }, { image: PNG }] }],
    pairs: [['Oslo', null]],
    judge(t, { turns }) {
      t.expectSame(imagesIn(turns), [PNG], 'the image is not the same', UP);
    },
  },
  {
    name: 'failed-result',
    requirement: 'The text of a result that tells of a failure arrives.',
    source: 'Messages API, tool_result with is_error: the other protocols have no word for it, and a text has to do',
    clients: ['messages'],
    items: [ASK, CALL, { ...RESULT, failed: true }],
    pairs: [['Oslo', null]],
    judge(t, { turns }) {
      const told = turns.find((turn) => turn.kind === 'result')?.text ?? '';
      t.expect(told.includes('seven degrees'), `the result says ${JSON.stringify(told)}`, UP);
    },
  },
  {
    name: 'tools-no-more-offered',
    requirement: 'Calls of a history whose tools are not offered any more arrive, and no tool is made up for them.',
    source:
      'Codex 0.169.0, measured: it compacts without tools; measured: a dummy tool is added. Messages itself wants tools where there are calls',
    level: 'should',
    upstreams: ['responses', 'chat'],
    withoutTools: true,
    items: [ASK, CALL, RESULT, { user: 'Sum it up.' }],
    pairs: [['Oslo', 'seven degrees']],
    judge: (t, { tools }) => void t.expectSame(tools, [], 'there are tools', UP),
  },
  {
    name: 'foreign-ids',
    requirement:
      'Ids of calls that the provider would refuse are told in a form that it takes, the same for call and result.',
    source:
      'ids like functions.NAME:0 of other providers stay in the history when the model is changed; Anthropic: "String should match pattern \'^[a-zA-Z0-9_-]+$\'"; OpenAI: 64 characters at most',
    items: [ASK, { ...CALL, call: 'functions.get_weather:0' }, { ...RESULT, result: 'functions.get_weather:0' }],
    pairs: [['Oslo', 'seven degrees']],
    judge(t, { turns }) {
      if (t.route.upstream !== 'messages') return;
      for (const turn of turns)
        if (turn.kind === 'call') t.expect(/^[\w-]+$/.test(turn.id), `the provider refuses the id ${turn.id}`, UP);
    },
  },
];

/** Notes calls that are not the same, and results that are not theirs. */
function expectPairs(t: Trial, { turns }: ToldModel, due: Row['pairs']): void {
  const calls = turns.filter((turn) => turn.kind === 'call');
  t.expectSame(
    calls.map((call) => (call.arguments as { city?: unknown } | undefined)?.city),
    due.map(([city]) => city),
    'the calls are not the same',
    UP,
  );
  for (const [i, [city, output]] of due.entries()) {
    const result = turns.find((turn) => turn.kind === 'result' && turn.id === calls[i]?.id) as
      | Extract<Turn, { kind: 'result' }>
      | undefined;
    if (!t.expect(result !== undefined, `the call for ${city} has no result`, UP) || output === null) continue;
    t.expectSame(result?.text, output, `the result for ${city} is another one`, UP);
  }
}

/** Halves of calls: the client's own protocol refuses them, so a gateway may do so, or leave it to the provider. */
const HALVES: readonly { name: string; requirement: string; source: string; items: readonly Past[] }[] = [
  {
    name: 'without-result',
    requirement: 'A call whose result is missing is given one, left out or refused, and not sent on as it is.',
    source: 'interrupted turns; every provider refuses such a request, and would in every further turn',
    items: [ASK, CALL, { user: 'Never mind. Say hello.' }],
  },
  {
    name: 'without-call',
    requirement:
      'A result whose call is missing is told in another form, left out or refused, and not sent on as it is.',
    source: 'histories that were cut; measured: orphan results (CLIProxyAPI, LiteLLM), which every provider refuses',
    items: [ASK, { assistant: 'I look it up.' }, RESULT, { user: 'Say hello.' }],
  },
];

/** Calls and their results on the way to a provider of another protocol. */
export const TRANSLATED_CALL_CHECKS: readonly Check[] = [
  ...ROWS.map(
    ({ name, requirement, source, level = 'must', clients = TRANSLATED.clients, upstreams, ...row }): Check => ({
      ...TRANSLATED,
      ...(upstreams ? { upstreams } : {}),
      id: `translate.calls.${name}`,
      requirement,
      source,
      level,
      clients,
      async run(t) {
        const { items, pairs, judge, withoutTools } = row;
        const body = conversation(t, items, withoutTools ? {} : { tools: toolsFor(t.protocol, [WEATHER_TOOL]) });
        const { json, model } = await tell(t, body);
        for (const problem of callProblems(t.route.upstream ?? 'chat', json)) t.expect(false, problem, UP);
        expectPairs(t, model, pairs);
        judge?.(t, model);
      },
    }),
  ),
  ...HALVES.map(
    ({ name, requirement, source, items }): Check => ({
      ...TRANSLATED,
      id: `translate.calls.${name}`,
      requirement,
      source,
      level: 'info',
      // Responses has nothing that a gateway would have to put in another place: what is missing is the provider's to refuse.
      upstreams: ['chat', 'messages'],
      async run(t) {
        const body = conversation(t, items, { tools: toolsFor(t.protocol, [WEATHER_TOOL]) });
        const reply = await t.call({ body });
        await reply.bytes();
        const [sent] = t.upstream.calls;
        if (!sent) {
          const { status } = reply;
          t.expect(status >= 400 && status < 500, `nothing was sent on, and the answer is ${status}`, DOWN);
          return t.stop('unsupported', `the gateway refuses such a conversation with ${status}`);
        }
        for (const problem of callProblems(t.route.upstream ?? 'chat', sent.request.json ?? {}))
          t.expect(false, problem, UP);
      },
    }),
  ),
];
