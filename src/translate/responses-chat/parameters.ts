import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { pointerStep } from '../shared/losses.ts';
import { type RequestScope, refuse, saysNothing } from './scope.ts';

/** What reading the parameters writes to. */
export interface ParameterScope extends RequestScope {
  body: JsonObject;
}

type ReadParameter = (value: unknown, scope: ParameterScope, name: string) => void;

/**
 * Values that mean the same as saying nothing: leaving them out is no loss.
 * `strict: false` of a function and an item's `status` belong here as well; both are handled where they are read.
 */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  background: false,
  service_tier: 'auto',
  stream: false,
  truncation: 'disabled',
};

/** Parameters of the Responses API, by name. Those that other files read do nothing here. */
const PARAMETERS: Readonly<Record<string, ReadParameter>> = {
  model: copy,
  input: skip,
  instructions: skip,
  tools: skip,
  tool_choice: skip,
  parallel_tool_calls: skip,
  reasoning: skip,
  text: skip,
  stream: readStream,
  stream_options: skip,
  max_output_tokens: (value, scope, name) => {
    const field = scope.dialect.maxTokens;
    if (typeof value === 'number') scope.body[field] = value;
    else tellWrong(name, scope);
  },
  temperature: copy,
  top_p: copy,
  top_logprobs: readLogprobs,
  include: readInclude,
  metadata: copy,
  moderation: copy,
  service_tier: copy,
  prompt_cache_key: copy,
  prompt_cache_options: copy,
  prompt_cache_retention: copy,
  safety_identifier: copy,
  user: copy,
  previous_response_id: (_value, scope) => {
    scope.refusal ??= refuse(
      'previous_response_not_found',
      'There is no previous response: a provider of Chat Completions stores none.',
    );
  },
  conversation: refuseStored,
  prompt: refuseStored,
};

/** Reads every parameter of the request into the body. */
export function readParameters(request: JsonObject, scope: ParameterScope): void {
  for (const name in request) {
    const value = request[name];
    if (saysNothing(value) || (Object.hasOwn(DEFAULTS, name) && DEFAULTS[name] === value)) continue;
    if (Object.hasOwn(PARAMETERS, name)) PARAMETERS[name]!(value, scope, name);
    else scope.losses.add(pointerStep(name), 'parameter', 'Chat Completions has no such parameter');
  }
  readStreamOptions(request.stream_options, scope);
  readReasoning(scope);
  readText(scope);
}

function skip(): void {}

function copy(value: unknown, scope: ParameterScope, name: string): void {
  setUnlessLacking(name, value, pointerStep(name), scope);
}

/** @returns whether the provider takes it */
function setUnlessLacking(name: string, value: unknown, path: string, scope: ParameterScope): boolean {
  if (scope.dialect.lacks.includes(name)) {
    scope.losses.add(path, 'parameter', 'the provider has no such parameter');
    return false;
  }
  scope.body[name] = value;
  return true;
}

function tellWrong(name: string, scope: ParameterScope): void {
  scope.losses.add(pointerStep(name), 'value', 'no such value is known');
}

function refuseStored(_value: unknown, scope: ParameterScope, name: string): void {
  const message = `A provider of Chat Completions knows no \`${name}\`.`;
  scope.refusal ??= refuse('unsupported_parameter', message);
}

function readStream(value: unknown, scope: ParameterScope, name: string): void {
  if (value !== true) {
    tellWrong(name, scope);
    return;
  }
  scope.body.stream = true;
  // Without it no usage comes with a stream, and Codex shows none.
  if (!scope.dialect.lacks.includes('stream_options')) scope.body.stream_options = { include_usage: true };
}

/** Behind `stream`: options of no stream are refused. */
function readStreamOptions(value: unknown, scope: ParameterScope): void {
  if (saysNothing(value)) return;
  const options = asObject(value);
  if (!options) tellWrong('stream_options', scope);
  for (const [name, option] of Object.entries(options ?? {})) {
    if (saysNothing(option)) continue;
    const known = name === 'include_obfuscation' && !scope.dialect.lacks.includes(`stream_options.${name}`);
    if (known && scope.body.stream === true) {
      scope.body.stream_options = { ...asObject(scope.body.stream_options), [name]: option };
    } else {
      const reason = known ? 'there is no stream' : 'the provider has no such option';
      scope.losses.add(`/stream_options${pointerStep(name)}`, 'parameter', reason);
    }
  }
}

function readLogprobs(value: unknown, scope: ParameterScope, name: string): void {
  if (value === 0) return;
  if (setUnlessLacking(name, value, pointerStep(name), scope)) scope.body.logprobs = true;
}

function readInclude(value: unknown, scope: ParameterScope): void {
  asArray(value).forEach((name, index) => {
    const path = `/include/${index}`;
    if (name === 'message.output_text.logprobs') setUnlessLacking('logprobs', true, path, scope);
    else scope.losses.add(path, 'value', 'Chat Completions includes nothing of the kind');
  });
}

function readReasoning(scope: ParameterScope): void {
  for (const [name, { value, path }] of scope.settings.reasoning) {
    if (saysNothing(value)) continue;
    if (name === 'effort') readEffort(value, path, scope);
    else scope.losses.add(path, 'parameter', 'Chat Completions has no such parameter');
  }
}

function readEffort(value: unknown, path: string, scope: ParameterScope): void {
  const named = asString(value) ?? '';
  const known = Object.hasOwn(scope.dialect.efforts, named) ? scope.dialect.efforts[named] : undefined;
  if (known === undefined) scope.losses.add(path, 'value', 'the provider knows no such effort');
  else if (setUnlessLacking('reasoning_effort', known, path, scope) && known !== named) {
    scope.losses.add(path, 'value', `the nearest effort that the provider knows is \`${known}\``);
  }
}

function readText(scope: ParameterScope): void {
  for (const [name, { value, path }] of scope.settings.text) {
    if (saysNothing(value)) continue;
    if (name === 'verbosity') setUnlessLacking(name, value, path, scope);
    else if (name === 'format') readFormat(asObject(value) ?? {}, path, scope);
    else scope.losses.add(path, 'parameter', 'Chat Completions has no such parameter');
  }
}

function readFormat(format: JsonObject, path: string, scope: ParameterScope): void {
  // Text is what comes without a format.
  if (format.type === 'text') return;
  if (format.type === 'json_object') {
    setUnlessLacking('response_format', { type: 'json_object' }, path, scope);
    return;
  }
  if (format.type !== 'json_schema' || scope.dialect.lacks.includes('response_format.json_schema')) {
    scope.losses.add(path, 'parameter', 'the provider knows no such format');
    return;
  }
  const { type, ...json_schema } = format;
  setUnlessLacking('response_format', { type, json_schema: withoutNulls(json_schema) }, path, scope);
}

function withoutNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}
