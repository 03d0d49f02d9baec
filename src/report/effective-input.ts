import { eventChunks, legOf, type RecordedExchange } from '../cassette/legs.ts';
import { createOf } from '../cassette/messages.ts';
import { parseJson } from '../decode/json.ts';
import { assembleResponses } from '../protocols/responses/assemble.ts';
import { fromUtf8 } from '../util/bytes.ts';
import { type Fields, fieldsOf, listOf, nameOf } from './fields.ts';
import { type ItemSummary, summariseRequest } from './request-summary.ts';
import { readTimeline } from './timeline.ts';

/** What the model sees of a `response.create` that continues earlier responses. */
export interface EffectiveInput {
  /** The input and the output of the earlier responses, oldest first, then the input of this exchange. */
  items: (ItemSummary & { exchange: string })[];
  /** The response that the chain begins after, where no exchange of the cassette made it. */
  missing?: string;
}

interface Link {
  id: string;
  create: Fields;
  /** What it was answered with. */
  response: { id: string | undefined; output: readonly unknown[] };
}

/** Whether an exchange goes on from an earlier response, so that `effectiveInput` has something to tell. */
export function continuesEarlier(exchange: RecordedExchange): boolean {
  return previousOf(exchange) !== undefined;
}

/** The response that an exchange goes on from. */
export function previousOf(exchange: RecordedExchange): string | undefined {
  return nameOf(createFields(exchange)?.previous_response_id);
}

/** The response that an exchange made. */
export function responseOf(exchange: RecordedExchange): string | undefined {
  return linkOf(exchange)?.response.id;
}

/**
 * Rebuilds the whole input of an exchange over WebSocket along `previous_response_id`.
 * @param others exchanges of the same connection, in any order
 * @returns undefined when the exchange goes on from nothing
 */
export function effectiveInput(
  exchange: RecordedExchange,
  others: readonly RecordedExchange[],
): EffectiveInput | undefined {
  const own = createFields(exchange);
  if (!own || !continuesEarlier(exchange)) return undefined;
  const links = new Map<string, Link>();
  for (const other of others) {
    const link = other.id === exchange.id ? undefined : linkOf(other);
    if (link?.response.id !== undefined) links.set(link.response.id, link);
  }
  const items = itemsOf(exchange.id, own.input);
  let previous = nameOf(own.previous_response_id);
  while (previous !== undefined) {
    const link = links.get(previous);
    if (!link) return { items, missing: previous };
    // Each link once: a chain of made-up ids may lead back to itself.
    links.delete(previous);
    items.unshift(...itemsOf(link.id, [...inputList(link.create.input), ...link.response.output]));
    previous = nameOf(link.create.previous_response_id);
  }
  return { items };
}

function createFields(exchange: RecordedExchange): Fields | undefined {
  const create = createOf(legOf(exchange, 'client-request')?.messages ?? []);
  const parsed = create && parseJson(fromUtf8(create.data));
  return parsed?.ok ? fieldsOf(parsed.value) : undefined;
}

function linkOf(exchange: RecordedExchange): Link | undefined {
  const create = createFields(exchange);
  const answer = legOf(exchange, 'client-response');
  if (!create || !answer) return undefined;
  const response = assembleResponses(readTimeline(eventChunks(answer)).events.map(({ json }) => json));
  return { id: exchange.id, create, response: { id: nameOf(response.id), output: response.output } };
}

function itemsOf(exchange: string, input: unknown): EffectiveInput['items'] {
  const items = summariseRequest('responses', { input })?.items ?? [];
  return items.map((item) => ({ exchange, ...item }));
}

function inputList(input: unknown): readonly unknown[] {
  return typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : listOf(input);
}
