import { asArray, asObject, type JsonObject } from '../../../src/protocols/grammar.ts';
import { openSeal, PART_SEPARATOR } from '../../../src/translate/messages-responses/seal.ts';
import { openOpaque } from '../../../src/translate/shared/opaque.ts';
import type { Plan } from '../../../src/translate/types.ts';
import { type Comparison, type Leaf, leavesOf, type TargetLeaves } from './leaves.ts';

/** Names of fields that hold what a person or a model has written, or media: it may stand anywhere in the target. */
export const TEXT_KEYS: ReadonlySet<string> = new Set([
  'arguments',
  'cited_text',
  'content',
  'data',
  'definition',
  'delta',
  'description',
  'file_data',
  'file_url',
  'image_url',
  'input',
  'instructions',
  'media_type',
  'output',
  'partial_json',
  'query',
  'reasoning',
  'reasoning_content',
  'refusal',
  'signature',
  'syntax',
  'system',
  'text',
  'thinking',
  'title',
  'url',
]);

/** Names of the same thing in the other protocols. */
export const ALIASES: Readonly<Record<string, readonly string[]>> = {
  cache_creation_input_tokens: ['cache_write_tokens'],
  cache_read_input_tokens: ['cached_tokens'],
  cache_write_tokens: ['cache_creation_input_tokens'],
  cached_tokens: ['cache_read_input_tokens'],
  call_id: ['id', 'tool_call_id', 'tool_use_id'],
  completion_tokens: ['output_tokens'],
  content: ['text', 'output', 'instructions', 'input'],
  context: ['text'],
  effort: ['reasoning_effort'],
  encrypted_content: ['encrypted'],
  filename: ['title'],
  id: ['call_id'],
  input: ['content', 'text'],
  input_tokens: ['prompt_tokens'],
  instructions: ['content', 'text', 'system'],
  max_completion_tokens: ['max_output_tokens', 'max_tokens'],
  max_output_tokens: ['max_completion_tokens', 'max_tokens'],
  max_tokens: ['max_output_tokens', 'max_completion_tokens'],
  output: ['content', 'text'],
  output_tokens: ['completion_tokens'],
  prompt_tokens: ['input_tokens'],
  reasoning_effort: ['effort'],
  reasoning_tokens: ['thinking_tokens'],
  safety_identifier: ['user_id'],
  stop: ['stop_sequences'],
  stop_sequences: ['stop'],
  system: ['instructions', 'content', 'text'],
  text: ['content', 'instructions', 'output', 'input'],
  thinking_tokens: ['reasoning_tokens'],
  tool_call_id: ['call_id', 'tool_use_id'],
  tool_use_id: ['call_id', 'tool_call_id'],
  user: ['user_id'],
  user_id: ['user', 'safety_identifier'],
};

interface OtherForm {
  /** Why the leaf is not missing though the target does not have it. */
  reason: string;
  fits(leaf: Leaf, comparison: Comparison, target: TargetLeaves): boolean;
}

/** Items of Responses that only a model makes. */
const CALLS = ['function_call', 'custom_tool_call', 'web_search_call'];

const ID_KEYS = ['id', 'call_id', 'tool_call_id', 'tool_use_id'];

/** A role is told by another one, or by the field that holds the words. */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  assistant: ['assistant'],
  developer: ['developer', 'system', 'user'],
  function: ['tool', 'user'],
  system: ['system', 'developer', 'user'],
  tool: ['tool', 'user'],
  user: ['user'],
};

/** By path the values that mean the same as saying nothing. */
const NEUTRAL: readonly [path: RegExp, value: unknown][] = [
  [/\/strict$/, false],
  [/^\/parallel_tool_calls$/, true],
  [/^\/tool_choice(?:\/type)?$/, 'auto'],
  [/^\/tool_choice\/mode$/, 'auto'],
  [/^\/stream$/, false],
  [/^\/background$/, false],
  [/^\/truncation$/, 'disabled'],
  [/^\/service_tier$/, 'auto'],
  [/^\/temperature$/, 1],
  [/^\/n$/, 1],
  [/^\/(?:presence|frequency)_penalty$/, 0],
  [/^\/logprobs$/, false],
  [/^\/top_logprobs$/, 0],
  [/^\/text\/verbosity$/, 'medium'],
  [/^\/verbosity$/, 'medium'],
  [/\/status$/, 'completed'],
  [/\/is_error$/, false],
  [/\/caller\/type$/, 'direct'],
  [/\/detail$/, 'auto'],
  [/\/execution$/, 'client'],
  [/\/external_web_access$/, true],
  [/^\/text\/format\/type$/, 'text'],
  [/^\/response_format\/type$/, 'text'],
  [/^\/reasoning\/context$/, 'auto'],
  [/^\/modalities\/0$/, 'text'],
  [/^\/speed$/, 'standard'],
  [/\/allowed_callers\/0$/, 'direct'],
  [/\/response_inclusion$/, 'full'],
];

/** Values that the other protocol has another word for. */
const WORDS: Readonly<Record<string, readonly [key: string, value: unknown][]>> = {
  'tool_choice "required"': [['type', 'any']],
  'tool_choice "none"': [['type', 'none']],
  'mode "required"': [
    ['type', 'any'],
    ['tool_choice', 'required'],
  ],
  'type "any"': [
    ['tool_choice', 'required'],
    ['type', 'any'],
  ],
  'type "none"': [['tool_choice', 'none']],
  'parallel_tool_calls false': [['disable_parallel_tool_use', true]],
  'disable_parallel_tool_use true': [['parallel_tool_calls', false]],
  'logprobs true': [['include', 'message.output_text.logprobs']],
  'include "message.output_text.logprobs"': [['logprobs', true]],
  'display "summarized"': [['summary', 'auto']],
  'finish_reason "stop"': [
    ['status', 'completed'],
    ['stop_reason', 'end_turn'],
  ],
  'stop_reason "end_turn"': [
    ['status', 'completed'],
    ['finish_reason', 'stop'],
  ],
  'type "tool"': [['type', 'function']],
  'effort "none"': [['type', 'disabled']],
  'service_tier "default"': [['service_tier', 'standard_only']],
  'service_tier "standard_only"': [['service_tier', 'default']],
};

/** Places where `type` says what a value of a tool is, and not which kind of part or item stands there. */
const SCHEMA = /\/(?:parameters|schema|input_schema)\//;

/** What is carried, though not under its name or not by its value. */
export const OTHER_FORMS: readonly OtherForm[] = [
  {
    reason: 'the value is what holds when nothing is said',
    fits: ({ path, value }) => NEUTRAL.some(([where, what]) => what === value && where.test(path)),
  },
  {
    reason: 'the other protocol has another word for it',
    fits: ({ key, value }, _comparison, target) =>
      (WORDS[`${key} ${JSON.stringify(value)}`] ?? []).some(([name, word]) => target.has(name, word)),
  },
  {
    reason: 'the place and the fields of the target say which kind it is',
    fits: ({ path, key }) => key === 'type' && !SCHEMA.test(path) && !path.startsWith('/tool_choice'),
  },
  {
    reason:
      'neighbours of one role may be one message, and a dialect may have another role for instructions and outputs',
    fits: ({ key, value }, _comparison, target) =>
      key === 'role' &&
      ((ROLES[String(value)] ?? []).some((role) => target.has('role', role)) ||
        value === 'developer' ||
        (value === 'assistant' && CALLS.some((type) => target.has('type', type)))),
  },
  {
    reason: 'the plan has the name, under another one that the provider takes',
    fits: ({ key, value }, { plan }, target) =>
      (key === 'name' && namesFor('name', value, plan).some((name) => target.take('name', name))) ||
      // The name of a namespace is a part of all names in it.
      ((key === 'name' || key === 'namespace') &&
        namesFor('namespace', value, plan).some((name) => target.has('name', name))),
  },
  {
    reason: 'the tool that is offered under its name of old is a function of that name',
    fits: ({ path, key, value }, { plan }, target) =>
      /^\/tool_choice/.test(path) &&
      key === 'type' &&
      [...(plan?.tools ?? [])].some(([name, tool]) => tool.kind === value && target.has('name', name)),
  },
  {
    reason: 'the plan has the id, under another one that the provider takes',
    fits: ({ value }, { plan }, target) =>
      idsFor(value, plan).some((id) => ID_KEYS.some((key) => target.take(key, id))),
  },
  {
    reason: 'the provider has another word for the effort',
    fits: ({ key, value }, { dialect }, target) => {
      const told = dialect?.efforts[String(value)];
      const names = ['effort', 'reasoning_effort'];
      if (!names.includes(key)) return false;
      return names.some((name) => target.has(name, told)) || target.has('type', 'enabled');
    },
  },
  {
    reason: 'without tools, or when none may be called, there is nothing to call',
    fits: ({ path, value }, { target }) =>
      (/^\/(?:parallel_tool_calls|tool_choice|tool_choice\/disable_parallel_tool_use)$/.test(path) ||
        (path === '/tool_choice/type' && value === 'none')) &&
      !mayCall(target as JsonObject),
  },
  {
    reason: 'what is not allowed is not offered',
    fits: ({ path, key, value }, { plan }, target) =>
      /^\/tool_choice\//.test(path) &&
      (value === 'allowed_tools' ||
        (key === 'name' && namesFor('name', value, plan).some((name) => target.has('name', name)))),
  },
  {
    reason: 'the tool has one name in all its versions',
    fits: ({ path, value }, _comparison, target) =>
      path === '/tool_choice/type' && /^web_search/.test(String(value)) && target.has('name', 'web_search'),
  },
  {
    reason: 'the type of a tool that the provider runs is its name',
    fits: ({ path, key, value }, _comparison, target) =>
      key === 'name' &&
      (target.has('type', value) || target.has('type', `${value}_call`)) &&
      !/\/function\//.test(path),
  },
  {
    reason: 'the id of a search has a prefix towards a Messages client',
    fits: ({ value }, _comparison, target) =>
      String(value).startsWith('srvtoolu_') && target.has('id', String(value).slice('srvtoolu_'.length)),
  },
  {
    reason: 'what was sealed stands open in the target',
    fits: ({ value }, _comparison, target) => {
      const sealed = openOpaque(String(value));
      return sealed !== undefined && leavesOf(sealed.blocks).every((leaf) => target.has(leaf.key, leaf.value));
    },
  },
  {
    reason: 'what a Messages client was given sealed stands open in the target',
    fits: ({ value }, _comparison, target) => {
      const sealed = openSeal(String(value));
      if (!sealed || !target.has('id', sealed.id)) return false;
      return sealed.encrypted === undefined || target.has('encrypted_content', sealed.encrypted);
    },
  },
  {
    reason: 'the paragraphs of thoughts are parts again',
    fits: ({ key, value }, _comparison, target) =>
      key === 'thinking' &&
      String(value)
        .split(PART_SEPARATOR)
        .every((part) => target.has('text', part)),
  },
  {
    reason: 'the same bound under its name of old',
    fits: ({ path, value }, { source }) =>
      path === '/max_tokens' && (source as JsonObject).max_completion_tokens === value,
  },
  {
    reason: 'a trigger does what it says, and is not told to the model',
    fits: ({ path }, { source }) => {
      const index = /^\/input\/(\d+)\//.exec(path)?.[1];
      return (
        index !== undefined &&
        asObject(asArray((source as JsonObject).input)[Number(index)])?.type === 'compaction_trigger'
      );
    },
  },
  {
    reason: 'clients that use `functions` have one name for a call, its output and its choice',
    fits: ({ path, value }, _comparison, target) =>
      /^\/(?:function_call|messages\/\d+)\/name$/.test(path) && target.has('name', value),
  },
  {
    reason: 'the description of the tool tells it',
    fits: ({ path, key, value }, { target }) =>
      /^\/tools\/\d+\//.test(path) && JSON.stringify(target).includes(`${key}: ${value}`),
  },
  {
    reason: 'Messages counts what came from the cache, and went into it, beside the input, and tells no total',
    fits: ({ path, value }, { source }, target) =>
      /usage\/(?:input_tokens|prompt_tokens|total_tokens)$/.test(path) && hasCount(Number(value), source, target),
  },
  {
    reason: 'calls stand in their order',
    fits: ({ path }) => /\/tool_calls\/\d+\/index$/.test(path),
  },
  {
    reason: 'Messages holds a model to every schema',
    fits: ({ path, value }, { target }) =>
      /^(?:\/input\/\d+)?\/text\/format\/strict$/.test(path) &&
      value === true &&
      (target as JsonObject).output_config !== undefined,
  },
  {
    reason: 'the words between them are told',
    fits: ({ path }, { target }) =>
      /\/annotations\/\d+\/(?:start|end)_index$/.test(path) && JSON.stringify(target).includes('"cited_text"'),
  },
  {
    reason: 'Chat has one text, and counts from its beginning',
    fits: ({ path, key, value }, { source }, target) =>
      /\/annotations\/\d+\/(?:start|end)_index$/.test(path) &&
      target.has(key, Number(value) + lengthBefore(path, asObject(source) ?? {})),
  },
  {
    reason: 'the id is a name within the answer, and the client does not send it back',
    fits: ({ path }) => /\/output\/\d+\/id$/.test(path),
  },
  {
    reason: 'the other protocol tells usage at the end of every stream',
    fits: ({ path }) => path === '/stream_options/include_usage',
  },
  {
    reason: 'the same tokens once more, by how long they are kept',
    fits: ({ path }) => /^\/usage\/(?:cache_creation|input_tokens_details\/cache_write_tokens_details)\//.test(path),
  },
  {
    reason: 'thinking is shown to who asks for it alone',
    fits: ({ path, value }) => path === '/thinking/display' && value === 'omitted',
  },
  {
    reason: 'a provider that is not asked to think does not',
    fits: ({ path, value }, { dialect }) =>
      /\/reasoning\/effort$/.test(path) &&
      value === 'none' &&
      dialect?.messages?.thinking.every(({ how }) => how === 'none') === true,
  },
  {
    reason: 'thinking is asked for',
    fits: ({ path }, _comparison, target) =>
      /^\/reasoning\/(?:summary|generate_summary)$/.test(path) && target.has('display', 'summarized'),
  },
];

/** Length of all texts of an answer that stand before the part in which the path leads. */
function lengthBefore(path: string, { output }: JsonObject): number {
  const parts = asArray(output).flatMap((item, i) =>
    asArray(asObject(item)?.content).map((part, k) => ({ place: `/output/${i}/content/${k}/`, ...asObject(part) })),
  );
  const before = parts.slice(
    0,
    parts.findIndex(({ place }) => path.startsWith(place)),
  );
  return before.reduce((sum, part: JsonObject) => sum + String(part.text ?? '').length, 0);
}

/** Whether the input stands there, or the total, with or without what has to do with the cache, or with the output. */
function hasCount(count: number, source: unknown, target: TargetLeaves): boolean {
  const counts = leavesOf(source).flatMap(({ value }) => (typeof value === 'number' ? [value] : []));
  const beside = [0, ...counts.flatMap((one, i) => [one, ...counts.slice(i + 1).map((other) => one + other)])];
  return beside.some((difference) =>
    ['input_tokens', 'prompt_tokens'].some(
      (key) => target.has(key, count + difference) || target.has(key, count - difference),
    ),
  );
}

function mayCall({ tools, tool_choice: choice }: JsonObject): boolean {
  return tools !== undefined && asObject(choice)?.type !== 'none' && choice !== 'none';
}

function namesFor(field: 'name' | 'namespace', value: unknown, plan: Comparison['plan']): string[] {
  const tools = plansOf(plan).flatMap((one) => [...one.tools]);
  const direct = tools.flatMap(([name, tool]) => (tool[field] === value ? [name] : []));
  // Of a composition, the name in the middle has another one yet.
  return [
    ...direct,
    ...direct.flatMap((middle) => tools.flatMap(([name, tool]) => (tool.name === middle ? [name] : []))),
  ];
}

function idsFor(value: unknown, plan: Comparison['plan']): string[] {
  const ids = plansOf(plan).flatMap((one) => [...one.callIds]);
  const direct = ids.flatMap(([told, known]) => (known === value ? [told] : []));
  return [...direct, ...direct.flatMap((middle) => ids.flatMap(([told, known]) => (known === middle ? [told] : [])))];
}

function plansOf(plan: Comparison['plan']): Pick<Plan, 'tools' | 'callIds'>[] {
  return plan ? [plan, ...plansOf(plan.inner)] : [];
}
