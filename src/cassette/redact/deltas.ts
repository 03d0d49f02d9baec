import { DIGITS, EventShape, type Gap } from './event-shape.ts';
import { type JsonPath, walkJson } from './walk.ts';

/** A string in an event that continues the string of an earlier event. */
export interface Delta {
  /** Which text it continues. */
  channel: string;
  /** The part of the answer that it belongs to: output item, content block or choice. */
  slot: string;
  /** Offsets within the event, between the quotes. */
  start: number;
  end: number;
}

export interface EventParts {
  deltas: Delta[];
  /** What gets no more text: one slot, or `*` for all. */
  closes: string | undefined;
  /** Where it was asked for, and the event has deltas. */
  kind?: EventKind | undefined;
}

/** What an event has in common with all events of its shape. */
export interface EventKind {
  shape: EventShape;
  deltas: readonly Pick<Delta, 'channel' | 'slot'>[];
  /** As in `EventParts`, for a watched one. */
  closes: string | undefined;
}

/** Where the protocols put text that is sent in pieces; `#` is a list position. */
const DELTA_PATHS: ReadonlySet<string> = new Set([
  // Responses: every event whose type ends in `.delta`.
  'delta',
  // Messages: content_block_delta.
  ...['text', 'partial_json', 'thinking', 'signature'].map((name) => `delta.${name}`),
  // Chat Completions, with the reasoning fields of DeepSeek and OpenRouter; legacy completions.
  ...['content', 'reasoning_content', 'reasoning', 'refusal', 'content.#.text', 'reasoning_details.#.text'].map(
    (name) => `choices.#.delta.${name}`,
  ),
  'choices.#.delta.tool_calls.#.function.name',
  'choices.#.delta.tool_calls.#.function.arguments',
  'choices.#.delta.tool_calls.#.custom.input',
  'choices.#.delta.function_call.arguments',
  'choices.#.text',
  // Gemini's own stream, and Ollama's.
  'candidates.#.content.parts.#.text',
  'message.content',
]);

/** Fields of the event itself that tell texts apart; an item id only where there is no output index. */
const INDEX_FIELDS = ['output_index', 'index', 'content_index', 'summary_index'] as const;

/** Last steps of those paths, and the fields that place them: nothing else in an event is looked at. */
const DELTA_NAMES: ReadonlySet<unknown> = new Set([...DELTA_PATHS].map((path) => path.split('.').at(-1)));
const SELECTORS: ReadonlySet<unknown> = new Set([...INDEX_FIELDS, 'type', 'item_id', 'finish_reason']);

const HAS_DELTA = /"(?:delta|choices|candidates|message)"[ \t]*:/;
const HAS_END = /\.done"|_stop"|\.completed"|\.failed"|\.incomplete"|"finish_reason"[ \t]*:[ \t]*"/;

/** Deltas and ends of one event's data. `watched`: some text is held back, so that ends matter. `noted`: its kind is wanted. */
export function readEvent(data: string, watched: boolean, noted = false): EventParts {
  if (watched && data.startsWith('[DONE]')) return { deltas: [], closes: '*' };
  if (!HAS_DELTA.test(data) && !(watched && HAS_END.test(data))) return { deltas: [], closes: undefined };
  const scalars = new Map<string, string>();
  const strings: { path: (string | number)[]; pattern: string; start: number; end: number }[] = [];
  const gaps: Gap[] = [];
  const whole = walkJson(data, 0, (path, start, end, isString) => {
    const name = path.at(-1)!;
    if (SELECTORS.has(name)) scalars.set(joinPath(path), data.slice(start, end));
    else if (noted && isString) gaps.push({ start, end, kind: 'string' });
    else if (noted && DIGITS.test(data.slice(start, end))) gaps.push({ start, end, kind: 'digits' });
    if (!isString || !DELTA_NAMES.has(name)) return;
    const pattern = joinPath(path.length === 1 ? path : path.map((step) => (typeof step === 'number' ? '#' : step)));
    if (!DELTA_PATHS.has(pattern)) return;
    strings.push({ path: [...path], pattern, start, end });
    if (noted) gaps.at(-1)!.kind = 'delta';
  });
  const slot = slotOf(scalars);
  const deltas = strings.map(({ path, pattern, start, end }) => ({
    channel: `${scalars.get('type') ?? ''}|${pattern}|${indexesOf(path, scalars)}`,
    slot: path[0] === 'choices' ? (scalars.get(`choices.${path[1]}.index`) ?? String(path[1])) : slot,
    start,
    end,
  }));
  const closes = watched || noted ? closedSlot(scalars, slot) : undefined;
  const shape = noted && whole !== undefined && deltas.length > 0 ? EventShape.of(data, gaps) : undefined;
  return { deltas, closes: watched ? closes : undefined, kind: shape && { shape, deltas, closes } };
}

/** Nearly every field that counts stands in the event itself. */
function joinPath(path: JsonPath): string {
  return path.length === 1 ? String(path[0]) : path.join('.');
}

/** Indexes along the path: an element's `index` field rather than its position, as tool calls come one an event. */
function indexesOf(path: JsonPath, scalars: ReadonlyMap<string, string>): string {
  const own = INDEX_FIELDS.map((name) => scalars.get(name) ?? '');
  if (own[0] === '' && own[1] === '') own.push(scalars.get('item_id') ?? '');
  path.forEach((step, i) => {
    if (typeof step === 'number') own.push(scalars.get([...path.slice(0, i + 1), 'index'].join('.')) ?? String(step));
  });
  return own.join(',');
}

function slotOf(scalars: ReadonlyMap<string, string>): string {
  return scalars.get('output_index') ?? scalars.get('index') ?? scalars.get('item_id') ?? '';
}

function closedSlot(scalars: ReadonlyMap<string, string>, slot: string): string | undefined {
  const type = scalars.get('type') ?? '';
  if (/^message_stop$|\.(?:completed|failed|incomplete)$/.test(type)) return '*';
  if (/\.done$|_stop$/.test(type)) return slot;
  for (const [path, value] of scalars) {
    if (!path.startsWith('choices.')) continue;
    const choice = /^choices\.(\d+)\.finish_reason$/.exec(path);
    if (choice !== null && value !== 'null') return scalars.get(`choices.${choice[1]}.index`) ?? choice[1];
  }
  return undefined;
}
