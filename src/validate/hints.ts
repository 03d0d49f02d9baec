/**
 * Faults that come from mixing the protocols up: a name of one where the other's is due. A hint says what the sender
 * took it for and what to write instead.
 */
export interface Confusion {
  /** Start of the root's name, e.g. `responses`. */
  roots: string;
  /** The field that should not be there, or the literal that should be another one. */
  found: string;
  /** Only where the pointer of the object or the literal matches. */
  at: RegExp;
  hint: string;
}

const CHAT_USAGE = 'these are Chat names; a Responses usage has `input_tokens`, `output_tokens` and `total_tokens`';

/** Fields. */
const FIELDS: readonly Confusion[] = [
  { roots: 'responses', found: 'prompt_tokens', at: /usage$/, hint: CHAT_USAGE },
  { roots: 'responses', found: 'completion_tokens', at: /usage$/, hint: CHAT_USAGE },
  {
    roots: 'responses',
    found: 'tool_calls',
    at: /./,
    hint: 'Responses has no `tool_calls`; every call is an item of `output`, of type `function_call`',
  },
  {
    roots: 'responses',
    found: 'choices',
    at: /^/,
    hint: 'this is a Chat answer; a Responses answer has `output`',
  },
  { roots: 'messages', found: 'choices', at: /^$/, hint: 'this is a Chat answer; a Messages answer has `content`' },
  {
    roots: 'responses.request',
    found: 'messages',
    at: /^$/,
    hint: 'this is a Chat or Messages body; Responses takes `input`',
  },
  {
    roots: 'responses.request',
    found: 'function',
    at: /^\/tools\/\d+$/,
    hint: 'Chat nests a tool under `function`; Responses has `name`, `parameters` and `strict` beside `type`',
  },
  { roots: 'responses.request', found: 'max_tokens', at: /^$/, hint: 'Responses calls it `max_output_tokens`' },
  { roots: 'responses.request', found: 'response_format', at: /^$/, hint: 'Responses calls it `text.format`' },
  { roots: 'responses.request', found: 'reasoning_effort', at: /^$/, hint: 'Responses calls it `reasoning.effort`' },
  { roots: 'chat.request', found: 'input', at: /^$/, hint: 'this is a Responses body; Chat takes `messages`' },
  { roots: 'chat.request', found: 'max_output_tokens', at: /^$/, hint: 'Chat calls it `max_completion_tokens`' },
  {
    roots: 'chat.request',
    found: 'parameters',
    at: /^\/tools\/\d+$/,
    hint: 'Chat nests `name`, `description` and `parameters` of a tool under `function`',
  },
  {
    roots: 'chat',
    found: 'input_tokens',
    at: /usage$/,
    hint: 'these are Responses names; a Chat usage has `prompt_tokens`, `completion_tokens` and `total_tokens`',
  },
  { roots: 'chat', found: 'output', at: /^$/, hint: 'this is a Responses answer; a Chat answer has `choices`' },
  {
    roots: 'messages',
    found: 'prompt_tokens',
    at: /usage$/,
    hint: 'these are Chat names; a Messages usage has `input_tokens` and `output_tokens`',
  },
  {
    roots: 'messages.request',
    found: 'parameters',
    at: /^\/tools\/\d+$/,
    hint: '`parameters` is the name that OpenAI has for it',
  },
  {
    roots: 'codex.models',
    found: 'data',
    at: /^$/,
    hint: "this is OpenAI's model list; Codex reads `models`, and a document may carry both",
  },
];

/** Values of a tag, such as the `type` of a content part. */
const LITERALS: readonly Confusion[] = [
  {
    roots: 'responses.request',
    found: 'text',
    at: /content\/\d+$/,
    hint: 'did you mean `input_text` (user, developer) or `output_text` (assistant)? `text` is Chat',
  },
  { roots: 'responses', found: 'text', at: /content\/\d+$/, hint: 'did you mean `output_text`? `text` is Chat' },
  {
    roots: 'responses.request',
    found: 'image_url',
    at: /content\/\d+$/,
    hint: 'did you mean `input_image`? `image_url` as a part is Chat',
  },
  { roots: 'responses', found: 'tool_call', at: /./, hint: 'did you mean `function_call`?' },
  {
    roots: 'chat.request',
    found: 'input_text',
    at: /content\/\d+$/,
    hint: 'did you mean `text`? `input_text` is Responses',
  },
  {
    roots: 'chat.request',
    found: 'output_text',
    at: /content\/\d+$/,
    hint: 'did you mean `text`? `output_text` is Responses',
  },
  {
    roots: 'messages.event',
    found: 'text',
    at: /delta$/,
    hint: 'did you mean `text_delta`? `text` is the type of a block, not of a delta',
  },
  {
    roots: 'responses.event',
    found: 'response.done',
    at: /^$/,
    hint: 'did you mean `response.completed`? `response.done` is of the Realtime API',
  },
];

/** Tag values that are the other protocol's: never a new variant, so the tolerant profile does not let them through. */
export const CONFUSED_TAGS: readonly string[] = LITERALS.map((entry) => entry.found);

/** Fields by which a document is another protocol's altogether: it has the one and lacks the other. */
const FOREIGN: readonly { root: string; has: string; lacks: string }[] = [
  { root: 'responses.request', has: 'messages', lacks: 'input' },
  { root: 'responses.response', has: 'choices', lacks: 'output' },
  { root: 'chat.request', has: 'input', lacks: 'messages' },
  { root: 'chat.response', has: 'output', lacks: 'choices' },
  { root: 'messages.response', has: 'choices', lacks: 'content' },
  { root: 'codex.models', has: 'data', lacks: 'models' },
];

/** Of a Responses request no field is required by itself, but one without any of these asks for nothing. */
const ASKING = ['model', 'input', 'prompt', 'previous_response_id', 'conversation'];

/** What a document is when it is not of this kind at all; its many other faults all come from that. */
export function findForeignBody(root: string, value: unknown): { pointer: string; hint: string } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entry = FOREIGN.find(({ root: due, has, lacks }) => due === root && has in value && !(lacks in value));
  const hint = entry && hintForFields(root, '', [entry.has]);
  if (entry && hint !== undefined) return { pointer: `/${entry.has}`, hint };
  if (root !== 'responses.request' || Array.isArray(value) || ASKING.some((field) => field in value)) return undefined;
  return {
    pointer: '',
    hint: `this is no Responses request: it has none of ${ASKING.map((it) => `\`${it}\``).join(', ')}`,
  };
}

/** What the field names of the object at `pointer` say about a confusion of protocols. */
export function hintForFields(root: string, pointer: string, fields: readonly string[]): string | undefined {
  return FIELDS.find((entry) => fields.includes(entry.found) && fits(entry, root, pointer))?.hint;
}

/** What an unknown tag value or literal may have been meant for: a known confusion, or the closest allowed value. */
export function hintForLiteral(
  root: string,
  pointer: string,
  literal: unknown,
  allowed: readonly unknown[],
): string | undefined {
  if (typeof literal !== 'string') return undefined;
  const known = LITERALS.find((entry) => entry.found === literal && fits(entry, root, pointer));
  if (known) return known.hint;
  const near = nearest(
    literal,
    allowed.filter((value) => typeof value === 'string'),
  );
  return near === undefined ? undefined : `did you mean \`${near}\`?`;
}

function fits(entry: Confusion, root: string, pointer: string): boolean {
  return root.startsWith(entry.roots) && entry.at.test(pointer);
}

/** The candidate at most two edits away, and less than half of the word. */
function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.min(2, Math.floor((word.length - 1) / 2));
  const ranked = candidates
    .filter((candidate) => Math.abs(candidate.length - word.length) <= limit)
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
