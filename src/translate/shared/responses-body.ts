import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import type { Dialect } from '../dialects.ts';
import type { TranslateContext } from '../types.ts';
import { type Losses, pointerStep } from './losses.ts';

/** OpenAI refuses less ("integer below minimum value. Expected a value >= 16"); clients ask for 1 to try a key. */
const LEAST_OUTPUT_TOKENS = 16;

/** `max_output_tokens` for a bound that the client set. */
export function outputTokens(bound: unknown, path: string, losses: Losses): JsonObject {
  if (bound === undefined || bound === null) return {};
  if (typeof bound !== 'number' || bound >= LEAST_OUTPUT_TOKENS) return { max_output_tokens: bound };
  losses.add(path, 'value', `Responses takes no bound below ${LEAST_OUTPUT_TOKENS}`);
  return { max_output_tokens: LEAST_OUTPUT_TOKENS };
}

/** The provider's word for an effort; undefined, with a loss, when it has none. */
export function effortOf(effort: unknown, dialect: Dialect, path: string, losses: Losses): string | undefined {
  if (effort === undefined || effort === null) return undefined;
  const known =
    typeof effort === 'string' && Object.hasOwn(dialect.efforts, effort) ? dialect.efforts[effort] : undefined;
  if (known === undefined) losses.add(path, 'value', 'the provider knows no such effort');
  return known;
}

/** Providers refuse a function without parameters, or an object schema without `properties`. */
export function completeSchema(parameters: unknown): JsonObject {
  const schema = asObject(parameters);
  if (!schema || Object.keys(schema).length === 0) return { type: 'object', properties: {} };
  return schema.type === 'object' && schema.properties === undefined ? { ...schema, properties: {} } : schema;
}

/** A message of a Responses request. */
export function inputMessage(role: string, content: string | JsonObject[]): JsonObject {
  return { type: 'message', role, content };
}

/**
 * What an assistant said before. OpenAI takes `output_text` and `refusal` here and no `input_text`; a single text can go
 * without the id and status that those require.
 */
export function outputMessage(parts: readonly JsonObject[], newId: () => string): JsonObject {
  const [first] = parts;
  if (parts.length === 1 && first!.type === 'output_text')
    return inputMessage('assistant', asString(first!.text) ?? '');
  return { type: 'message', id: newId(), status: 'completed', role: 'assistant', content: [...parts] };
}

/** One text, with nothing beside it, is an output that every provider takes, while lists are for those with images. */
export function toolOutput(parts: JsonObject[]): string | JsonObject[] {
  if (parts.length === 0) return '';
  const { type: _, text, ...beside } = parts[0]!;
  return parts.length === 1 && typeof text === 'string' && Object.keys(beside).length === 0 ? text : parts;
}

/**
 * The body as the provider's dialect has it: instructions where it takes them, merged neighbours, no parameter it refuses.
 * @param body its `input` is a list of items
 */
export function applyDialect(body: JsonObject, { dialect, newId }: TranslateContext, losses: Losses): JsonObject {
  const shaped = { ...INSTRUCTION_RULES[dialect.instructions](body, losses) };
  if (dialect.mergeNeighbours) shaped.input = mergeNeighbours(shaped.input as JsonObject[], newId);
  for (const name of dialect.lacks) {
    if (shaped[name] === undefined) continue;
    delete shaped[name];
    losses.add(pointerStep(name), 'parameter', 'the provider refuses this parameter');
  }
  return shaped;
}

const INSTRUCTION_RULES: Readonly<Record<Dialect['instructions'], (body: JsonObject, losses: Losses) => JsonObject>> = {
  keep: (body) => body,
  system: (body) => ({ ...body, input: renameRoles(body, 'system') }),
  leading: (body, losses) => leadInstructions(body, losses),
  user(body, losses) {
    const { instructions, ...rest } = body;
    const first = typeof instructions === 'string' ? [inputMessage('user', instructions)] : [];
    if (first.length > 0) losses.add('', 'value', AS_USER);
    return { ...rest, input: [...first, ...renameRoles(body, 'user', losses)] };
  },
};

const AS_USER = 'the provider takes no instructions there, so they stand as words of the user';

/** All leading instructions as `instructions`, later ones as the user's. */
function leadInstructions(body: JsonObject, losses: Losses): JsonObject {
  const input = body.input as JsonObject[];
  const leading = input.findIndex((item) => !isInstruction(item));
  const count = leading < 0 ? input.length : leading;
  const texts = [asString(body.instructions), ...input.slice(0, count).map(textOf)].filter(Boolean);
  const rest = renameRoles({ input: input.slice(count) }, 'user', losses);
  return { ...body, ...(texts.length > 0 && { instructions: texts.join('\n\n') }), input: rest };
}

function renameRoles(body: JsonObject, role: 'system' | 'user', losses?: Losses): JsonObject[] {
  return (body.input as JsonObject[]).map((item, index) => {
    if (!isInstruction(item)) return item;
    losses?.add(`/input/${index}`, 'value', AS_USER);
    return { ...item, role };
  });
}

function isInstruction({ type, role }: JsonObject): boolean {
  return type === 'message' && (role === 'system' || role === 'developer');
}

function textOf({ content }: JsonObject): string {
  return typeof content === 'string' ? content : joinTexts(asArray(content));
}

/** The texts of parts, in lines of their own. */
export function joinTexts(parts: readonly unknown[]): string {
  return parts.flatMap((part) => asString(asObject(part)?.text) ?? []).join('\n');
}

/** Neighbouring messages of one role as one. */
function mergeNeighbours(input: readonly JsonObject[], newId: TranslateContext['newId']): JsonObject[] {
  const merged: JsonObject[] = [];
  for (const item of input) {
    const last = merged.at(-1);
    if (last?.type === 'message' && item.type === 'message' && last.role === item.role) {
      const parts = [...partsOf(last), ...partsOf(item)];
      const role = asString(item.role) ?? '';
      merged[merged.length - 1] =
        role === 'assistant'
          ? outputMessage(parts, () => asString(last.id) ?? newId('msg_'))
          : inputMessage(role, parts);
    } else merged.push(item);
  }
  return merged;
}

function partsOf({ role, content }: JsonObject): JsonObject[] {
  if (typeof content !== 'string') return asArray(content) as JsonObject[];
  return [
    role === 'assistant'
      ? { type: 'output_text', text: content, annotations: [] }
      : { type: 'input_text', text: content },
  ];
}
