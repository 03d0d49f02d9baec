import { asArray, asNumber, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import type { Dialect } from '../dialects.ts';
import { type Losses, pointerStep } from '../shared/losses.ts';
import type { Refusal } from '../types.ts';
import { messagesTraits } from './dialects.ts';
import { refuse } from './scope.ts';

export interface ParameterScope {
  dialect: Dialect;
  losses: Losses;
}

/** Parameters that other parts of the translation read. */
const READ_ELSEWHERE: ReadonlySet<string> = new Set([
  'input',
  'instructions',
  'model',
  'parallel_tool_calls',
  'reasoning',
  'tool_choice',
  'tools',
]);

/**
 * What a parameter may say without a loss, since Messages does just that: null anywhere, and these. Every other value of a
 * parameter that is not carried is a loss, the harmless ones too.
 */
const SAYS_NOTHING: Readonly<Record<string, (value: unknown) => boolean>> = {
  background: (value) => value === false,
  include: (value) => asArray(value).length === 0,
  metadata: (value) => Object.keys(asObject(value) ?? {}).length === 0,
  service_tier: (value) => value === 'auto',
  stream: (value) => value === false,
  top_logprobs: (value) => value === 0,
  truncation: (value) => value === 'disabled',
};

type WriteParameter = (value: unknown, body: JsonObject, scope: ParameterScope) => void;

/** Parameters that Messages has a place for. */
const CARRIED: Readonly<Record<string, WriteParameter>> = {
  stream: (value, body, { losses }) => {
    if (value === true) body.stream = true;
    else losses.add('/stream', 'parameter', 'this is neither true nor false');
  },
  max_output_tokens: (value, body, { losses }) => {
    const bound = asNumber(value);
    if (bound === undefined) losses.add('/max_output_tokens', 'parameter', 'this is no number');
    else body.max_tokens = bound;
  },
  temperature: writeSampling('temperature'),
  top_p: writeSampling('top_p'),
  stop: (value, body, { losses }) => {
    const sequences = typeof value === 'string' ? [value] : asArray(value);
    if (sequences.length > 0 && sequences.every((one) => typeof one === 'string')) body.stop_sequences = sequences;
    else losses.add('/stop', 'parameter', 'these are no texts to stop at');
  },
  text: writeText,
  service_tier: writeServiceTier,
  safety_identifier: writeUser('safety_identifier'),
  user: writeUser('user'),
  prompt_cache_key: (_value, body, scope) => {
    const caches = !scope.dialect.lacks.includes('cache_control');
    if (caches) body.cache_control = { type: 'ephemeral' };
    const reason = caches ? 'a cache has no name; `cache_control` asks for one' : 'the provider caches as it likes';
    scope.losses.add('/prompt_cache_key', 'parameter', reason);
  },
};

/** Why the other known parameters are not carried. */
const REASONS: Readonly<Record<string, string>> = {
  background: 'the answer comes at once',
  client_metadata: 'Messages has no place for it',
  include: 'there is nothing to choose: sealed thinking is always told',
  max_tool_calls: 'Messages has no such bound',
  metadata: 'Messages keeps no metadata but a user id',
  prompt_cache_retention: 'the provider decides how long a cache lives',
  store: 'a provider of Messages stores no answers',
  stream_options: 'Messages has no such options',
  top_logprobs: 'Messages tells no probabilities',
  truncation: 'Messages cuts nothing from the input',
};

/** Parameters without which the answer would be to something else. */
const REFUSED: Readonly<Record<string, (value: unknown) => Refusal>> = {
  previous_response_id: (value) => {
    const id = JSON.stringify(value);
    return refuse('previous_response_not_found', `Previous response with id ${id} not found.`);
  },
  conversation: () => refuse('unsupported_parameter', 'A provider of Messages keeps no conversations.'),
  prompt: () => refuse('unsupported_parameter', 'A provider of Messages keeps no prompts.'),
};

/** Writes every parameter of the request that is not input, tools or thinking into the body. */
export function writeParameters(request: JsonObject, body: JsonObject, scope: ParameterScope): void {
  body.max_tokens = messagesTraits(scope.dialect).maxTokens;
  for (const [name, value] of Object.entries(request)) {
    if (value == null || READ_ELSEWHERE.has(name)) continue;
    if (Object.hasOwn(SAYS_NOTHING, name) && SAYS_NOTHING[name]!(value)) continue;
    if (Object.hasOwn(CARRIED, name)) CARRIED[name]!(value, body, scope);
    else {
      const reason = Object.hasOwn(REASONS, name) ? REASONS[name]! : 'Messages has no such parameter';
      scope.losses.add(pointerStep(name), 'parameter', reason);
    }
  }
}

/** Why the request cannot be answered by any provider of Messages; undefined when it can. */
export function findRefusal(request: JsonObject): Refusal | undefined {
  for (const [name, refusal] of Object.entries(REFUSED)) {
    const value = request[name];
    if (value != null) return refusal(value);
  }
  return undefined;
}

/** The SDK 1.11.0 knows no sampling any more; a provider that still does says so in its table. */
function writeSampling(name: 'temperature' | 'top_p'): WriteParameter {
  return (value, body, { dialect, losses }) => {
    if (dialect.extras.includes(`/${name}`) && typeof value === 'number') body[name] = value;
    else losses.add(`/${name}`, 'parameter', 'the provider takes no such parameter');
  };
}

function writeUser(name: 'safety_identifier' | 'user'): WriteParameter {
  return (value, body, { dialect, losses }) => {
    const lacking = dialect.lacks.includes('metadata');
    if (typeof value === 'string' && body.metadata === undefined && !lacking) body.metadata = { user_id: value };
    else
      losses.add(`/${name}`, 'parameter', lacking ? 'the provider takes no user id' : 'there is one user id at most');
  };
}

/** `default` is what Anthropic calls standard; `priority` is used there where the account has it. */
function writeServiceTier(value: unknown, body: JsonObject, { dialect, losses }: ParameterScope): void {
  const known = !dialect.lacks.includes('service_tier');
  if (known && value === 'default') body.service_tier = 'standard_only';
  else if (known && value === 'priority') {
    body.service_tier = 'auto';
    losses.add('/service_tier', 'value', 'priority is used where the account has it, and not asked for');
  } else losses.add('/service_tier', 'parameter', 'the provider has no such tier');
}

function writeText(value: unknown, body: JsonObject, scope: ParameterScope): void {
  const settings = asObject(value);
  if (!settings) {
    scope.losses.add('/text', 'parameter', 'these are no settings');
    return;
  }
  const { format, verbosity, ...rest } = settings;
  for (const name of Object.keys(rest))
    scope.losses.add(`/text${pointerStep(name)}`, 'parameter', 'Messages has no such parameter');
  if (typeof verbosity === 'string' && verbosity !== 'medium') {
    scope.losses.add('/text/verbosity', 'parameter', 'how much the model says cannot be set');
  }
  const wanted = asObject(format);
  if (wanted && wanted.type !== 'text') writeFormat(wanted, body, scope);
}

function writeFormat(format: JsonObject, body: JsonObject, { dialect, losses }: ParameterScope): void {
  const schema = asObject(format.schema);
  if (format.type !== 'json_schema' || !schema || dialect.lacks.includes('output_config.format')) {
    const type = JSON.stringify(asString(format.type) ?? null);
    losses.add('/text/format', 'parameter', `the provider holds a model to no format of type ${type}`);
    return;
  }
  body.output_config = { format: { type: 'json_schema', schema } };
  for (const name of ['name', 'description']) {
    if (typeof format[name] === 'string') losses.add(`/text/format/${name}`, 'field', 'a format has a schema alone');
  }
  if (format.strict === false)
    losses.add('/text/format/strict', 'value', 'Messages always holds a model to the schema');
}
