import type { Protocol } from '../../../src/util/types.ts';
import type { Defect } from './defect.ts';
import { dropField, onRequests, turnsOf } from './edit.ts';
import type { Hooks, Json } from './hop.ts';

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

/** A hook that changes each turn of a request: items, messages. */
function onTurns(change: (turn: Json, index: number) => void): Hooks {
  return onRequests((json) => turnsOf(json).forEach(change));
}

/** A hook that gives every request other turns. */
function replaceTurns(change: (turns: Json[]) => Json[]): Hooks {
  return onRequests((json) => {
    for (const field of ['input', 'messages'])
      if (Array.isArray(json[field])) json[field] = change(json[field] as Json[]);
  });
}

/** A hook that changes each tool: the object that has its name. */
function onTools(change: (tool: Json) => void): Hooks {
  return onRequests((json) => {
    for (const tool of listOf(json.tools)) change((tool.function ?? tool) as Json);
  });
}

/** A hook that changes the calls of a Chat request. */
function onCalls(change: (call: { id: string; function: Json }) => void): Hooks {
  return onTurns((turn) => {
    for (const call of listOf(turn.tool_calls)) change(call as { id: string; function: Json });
  });
}

const MEASURED = 'gateways-measured, section 5';
const outputs = (turn: Json) => turn.type === 'function_call_output';

/** A defect in calls and their results. */
const call = (id: string, what: string, seen: string, rule: string, rest: Partial<Defect>): Defect => ({
  ...{ id, what, seen, upstream: 'chat', caughtBy: `translate.calls.${rule}` },
  ...rest,
});

const CALLS: readonly Defect[] = [
  call(
    'one-id-for-all-calls',
    'every call gets the same id',
    `${MEASURED}: parallel calls all index 0`,
    'one-after-the-other',
    {
      back: onTurns((turn) => {
        for (const made of listOf(turn.tool_calls)) made.id = 'call_1';
        if (turn.tool_call_id) turn.tool_call_id = 'call_1';
      }),
    },
  ),
  call(
    'results-by-place',
    'results are joined to calls by their place',
    'gateways.md section 4: parallel-call ordering',
    'results-in-another-order',
    {
      front: onRequests((json) => {
        const ids = turnsOf(json).flatMap((turn) => (turn.type === 'function_call' ? [turn.call_id] : []));
        for (const [i, turn] of turnsOf(json).filter(outputs).entries()) turn.call_id = ids[i];
      }),
    },
  ),
  call(
    'text-beside-call-lost',
    'a text beside a call is dropped',
    `${MEASURED}: codex-api-proxy, messages`,
    'text-beside-call',
    {
      back: onTurns((turn) => {
        if (turn.tool_calls) turn.content = null;
      }),
    },
  ),
  call(
    'text-behind-result-lost',
    'a text beside a result is dropped',
    `${MEASURED}: codex-api-proxy, messages`,
    'text-behind-result',
    {
      upstream: 'messages',
      back: onTurns((turn) => {
        const content = listOf(turn.content);
        const results = content.filter(({ type }) => type === 'tool_result');
        if (results.length > 0) turn.content = results;
      }),
    },
  ),
  call(
    'results-at-the-end',
    'results are put behind everything else',
    'gateways.md section 4: an interleaved developer message',
    'developer-between',
    {
      back: replaceTurns((turns) => {
        const results = turns.filter(({ role }) => role === 'tool');
        const note = { role: 'user', content: 'Made-up note 17.' };
        return [...turns.filter(({ role }) => role !== 'tool'), ...(results.length > 0 ? [note] : []), ...results];
      }),
    },
  ),
  call('empty-result-dropped', 'a result without text is dropped', 'converters that skip empty texts', 'empty-result', {
    back: replaceTurns((turns) => turns.filter(({ role, content }) => role !== 'tool' || content !== '')),
  }),
  call(
    'result-in-ascii',
    'letters beyond ASCII in a result become question marks',
    'gateways.md section 4: unicode',
    'unicode-result',
    {
      back: onTurns((turn) => {
        if (turn.role === 'tool') turn.content = String(turn.content).replace(/[^\0-\x7f]/g, '?');
      }),
    },
  ),
  call('result-as-json', 'a result that is a list is told as a JSON text', `${MEASURED}: GoModel`, 'result-of-parts', {
    front: onTurns((turn) => {
      if (Array.isArray(turn.output)) turn.output = JSON.stringify(turn.output);
    }),
  }),
  call(
    'image-in-result-lost',
    'images in results are dropped',
    'gateways.md: text-only converters',
    'result-with-image',
    {
      front: onTurns((turn) => {
        if (Array.isArray(turn.output)) turn.output = listOf(turn.output).filter(({ type }) => type !== 'input_image');
      }),
    },
  ),
  call(
    'failed-result-emptied',
    'the text of a failed result is dropped',
    'converters that know no is_error',
    'failed-result',
    {
      client: 'messages',
      back: onTurns((turn) => {
        if (turn.role === 'tool') turn.content = '';
      }),
    },
  ),
  call(
    'ids-as-they-are',
    'ids of calls that Anthropic refuses are sent to it',
    'histories with calls of another provider',
    'foreign-ids',
    {
      upstream: 'messages',
      back: onTurns((turn) => {
        for (const block of listOf(turn.content))
          for (const field of ['id', 'tool_use_id']) if (field in block) block[field] = 'functions.get_weather:0';
      }),
    },
  ),
  call(
    'orphan-result-sent',
    'a result whose call is missing is sent on',
    `${MEASURED}: CLIProxyAPI, LiteLLM`,
    'without-call',
    {
      back: replaceTurns((turns) => [
        ...turns,
        { role: 'tool', tool_call_id: 'call_made_up_1', content: 'seven degrees' },
      ]),
    },
  ),
  call(
    'call-without-result-sent',
    'a call whose result is missing is sent on',
    'histories of interrupted turns',
    'without-result',
    {
      back: replaceTurns((turns) => turns.filter(({ role }) => role !== 'tool')),
    },
  ),
];

/** A wish that is dropped on the way to a provider of Chat. */
const wish = (rule: string, back: Hooks, rest: Partial<Defect> = {}): Defect => ({
  id: `ignores-${rule}`,
  what: `what the client says with \`translate.choice.${rule}\` is not told to the provider`,
  seen: `${MEASURED}: parameters dropped or overwritten on translated routes`,
  upstream: 'chat',
  caughtBy: `translate.choice.${rule}`,
  back,
  ...rest,
});

const WISHES: readonly Defect[] = [
  wish('tool-choice-none', dropField('tool_choice')),
  wish(
    'tool-choice-required',
    onRequests((json) => {
      json.tool_choice = 'auto';
    }),
  ),
  wish(
    'tool-choice-named',
    onRequests((json) => {
      json.tool_choice = { type: 'any' };
    }),
    { upstream: 'messages' },
  ),
  wish('allowed-tools', {}, { front: dropField('tool_choice'), back: {} }),
  wish(
    'single-call',
    onRequests((json) => {
      json.parallel_tool_calls = true;
    }),
  ),
  wish('top-p', dropField('top_p')),
  wish('stop', {}, { front: dropField('stop'), upstream: 'messages', client: 'chat' }),
  wish('effort', dropField('reasoning_effort')),
  wish('json-object', dropField('response_format')),
  wish(
    'schema-strict',
    onRequests((json) => {
      delete ((json.response_format as Json | undefined)?.json_schema as Json | undefined)?.strict;
    }),
  ),
];

/** A hook that changes the calls of an answer of Responses, as they are done. */
function onDoneCalls(change: (item: Json) => void): Hooks {
  return {
    event(text) {
      const line = /^data: (\{"type":"response\.output_item\.done".*)$/m.exec(text)?.[1];
      if (line === undefined) return text;
      const data = JSON.parse(line) as { item: Json };
      change(data.item);
      return text.replace(/^data: .*$/m, () => `data: ${JSON.stringify(data)}`);
    },
  };
}

const name = (id: string, what: string, seen: string, rule: string, rest: Partial<Defect>): Defect => ({
  ...{ id, what, seen, upstream: 'chat', caughtBy: `translate.names.${rule}` },
  ...rest,
});

const NAMES: readonly Defect[] = [
  name(
    'namespace-cut-off',
    'tools of a namespace are offered by their name alone',
    'flattening without a prefix',
    'twins-offered',
    {
      back: onTools((tool) => {
        tool.name = String(tool.name).replace(/^.*__/, '');
      }),
    },
  ),
  name(
    'first-namespace',
    'a call comes back with the first namespace that has such a tool',
    'lookup by name',
    'twins-called',
    {
      front: onDoneCalls((item) => {
        if (item.namespace) item.namespace = 'mcp__alpha';
      }),
    },
  ),
  name(
    'joined-name-too-long',
    'namespace and name are joined whatever the length',
    'issue reports: 400 of OpenAI',
    'long-namespace-offered',
    {
      back: onTools((tool) => {
        tool.name = String(tool.name).padEnd(70, 'x');
      }),
    },
  ),
  name(
    'cut-name-comes-back',
    'a name that was cut comes back cut',
    'converters without a table of names',
    'long-namespace-called',
    {
      front: onDoneCalls((item) => {
        item.name = String(item.name).slice(0, 30);
      }),
    },
  ),
  name('past-call-by-own-name', 'past calls keep a name that is not offered', 'gateways.md: G4', 'history', {
    back: onCalls(({ function: made }) => {
      made.name = 'search';
    }),
  }),
  name(
    'prefixed-names',
    'a prefix makes long names longer than OpenAI takes',
    'issue reports: 400 of OpenAI',
    'long-offered',
    {
      back: onTools((tool) => {
        tool.name = `proxy_${String(tool.name)}`;
      }),
    },
  ),
  name(
    'name-cut-in-answer',
    'names of calls are cut after 60 characters',
    'converters without a table of names',
    'long-called',
    {
      front: onDoneCalls((item) => {
        item.name = String(item.name).slice(0, 60);
      }),
    },
  ),
  name(
    'description-lost',
    'descriptions of tools are dropped',
    'converters that copy name and parameters',
    'description',
    {
      back: onTools((tool) => delete tool.description),
    },
  ),
  name('schema-simplified', 'keywords of schemas are dropped', 'peers.md: schema cleaners', 'schema', {
    back: onTools((tool) => delete (tool.parameters as Json).$defs),
  }),
];

/** What a round trip loses. */
const round = (
  id: string,
  what: string,
  seen: string,
  rule: string,
  hooks: { front?: Hooks; back?: Hooks },
  way: [Protocol, Protocol],
): Defect => ({
  ...{ id, what, seen, client: way[0], upstream: way[1], caughtBy: `translate.round.${rule}` },
  ...hooks,
});

let count = 0;

const ROUNDS: readonly Defect[] = [
  round(
    'past-arguments-emptied',
    'arguments of past calls are dropped',
    'issue reports: `{}` for arguments that are a string',
    'call',
    {
      back: onCalls(({ function: made }) => {
        made.arguments = '{}';
      }),
    },
    ['responses', 'chat'],
  ),
  round(
    'ids-of-calls-lost',
    'calls get new ids in every request',
    'gateways.md: regenerated ids',
    'call-id',
    {
      back: onRequests((json) => {
        const ids = new Map<string, string>();
        const anew = (id: unknown) => ids.get(String(id)) ?? ids.set(String(id), `call_${++count}`).get(String(id));
        for (const turn of turnsOf(json)) {
          for (const made of listOf(turn.tool_calls)) made.id = anew(made.id);
          if (turn.tool_call_id) turn.tool_call_id = anew(turn.tool_call_id);
        }
      }),
    },
    ['responses', 'chat'],
  ),
  round(
    'thoughts-not-sent-back',
    'reasoning items are dropped on the way to Messages',
    'gateways.md section 4: reasoning must round-trip',
    'signature',
    { front: replaceTurns((turns) => turns.filter(({ type }) => type !== 'reasoning')) },
    ['responses', 'messages'],
  ),
  round(
    'thinking-not-sent-back',
    'thinking blocks are dropped on the way to Responses',
    `${MEASURED}: encrypted_content removed`,
    'encrypted-content',
    {
      front: onTurns((turn) => {
        if (Array.isArray(turn.content)) turn.content = listOf(turn.content).filter(({ type }) => type !== 'thinking');
      }),
    },
    ['messages', 'responses'],
  ),
];

/** What costs the provider's cache. */
const CACHES: readonly Defect[] = [
  {
    id: 'ids-of-calls-made-anew',
    what: 'past calls get other ids with every request',
    seen: 'gateways.md: regenerated ids cost the prompt cache',
    upstream: 'chat',
    caughtBy: 'cache.session.agent',
    back: onRequests((json, _request, turn) => {
      for (const one of turnsOf(json)) {
        for (const made of listOf(one.tool_calls)) made.id = `${made.id}_${turn}`;
        if (one.tool_call_id) one.tool_call_id = `${one.tool_call_id}_${turn}`;
      }
    }),
  },
  {
    id: 'tools-in-another-order',
    what: 'tools come in another order with every other request',
    seen: 'tools kept in a table without an order',
    upstream: 'messages',
    caughtBy: 'cache.session.codex',
    back: onRequests((json, _request, turn) => {
      if (turn % 2 === 0) json.tools = listOf(json.tools).reverse();
    }),
  },
  {
    id: 'no-marks',
    what: 'nothing asks Anthropic for a cache',
    seen: 'converters from OpenAI, which needs no marks',
    upstream: 'messages',
    caughtBy: 'cache.key.marks',
    back: onRequests((json) => {
      delete json.cache_control;
      for (const part of [...listOf(json.system), ...listOf(json.tools)]) delete part.cache_control;
    }),
  },
];

const talk = (id: string, what: string, seen: string, rule: string, rest: Partial<Defect>): Defect => ({
  ...{ id, what, seen, upstream: 'chat', caughtBy: `translate.conversation.${rule}` },
  ...rest,
});

const TALKS: readonly Defect[] = [
  talk(
    'developer-dropped',
    'messages of the developer are dropped',
    `${MEASURED}: codex-api-proxy`,
    'developer-in-the-middle',
    {
      front: replaceTurns((turns) => turns.filter(({ role }) => role !== 'developer')),
    },
  ),
  talk(
    'one-image-kept',
    'one image of a message is kept',
    'converters that keep the last part of a kind',
    'two-images',
    {
      front: onTurns((one) => {
        if (Array.isArray(one.content)) one.content = listOf(one.content).slice(0, 2);
      }),
    },
  ),
  talk(
    'tools-behind-search-lost',
    'tools behind one without a name are dropped',
    `${MEASURED}: nameless tools`,
    'hosted-tool',
    {
      front: onRequests((json) => {
        const at = listOf(json.tools).findIndex(({ type }) => type === 'web_search');
        if (at >= 0) json.tools = listOf(json.tools).slice(0, at);
      }),
    },
  ),
  talk('no-number-of-tokens', 'a count of tokens has no number', 'catch-all routes that answer 200', 'count-tokens', {
    client: 'messages',
    front: {
      request({ url }) {
        const headers = { 'content-type': 'application/json' };
        return url.includes('count_tokens') ? { status: 200, headers, body: '{"ok":true}' } : undefined;
      },
    },
  }),
  {
    id: 'indent-cut-off',
    what: 'white space at the beginning of a text is cut off',
    seen: `${MEASURED}: codex-api-proxy`,
    upstream: 'chat',
    caughtBy: 'translate.answer.white-space-json',
    back: { body: (text) => text.replaceAll(/"content":" +/g, '"content":"') },
  },
];

/** Defects in what a provider of another protocol is told. */
export const TRANSLATE_DEFECTS: readonly Defect[] = [...TALKS, ...CALLS, ...WISHES, ...NAMES, ...ROUNDS, ...CACHES];
