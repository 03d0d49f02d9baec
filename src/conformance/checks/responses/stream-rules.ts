import type { Check } from '../../check.ts';
import { isSameJson } from '../../harness/same-json.ts';
import type { Trial } from '../../harness/trial.ts';
import { doneItems, lastOutput } from './answers.ts';

type Json = Record<string, unknown>;

const DOWN = { where: 'answer' } as const;
const TERMINAL = /^response\.(?:completed|incomplete|failed)$/;
const SPEC = 'Open Responses specification';

function typed(events: readonly Json[], type: string | RegExp): Json[] {
  return events.filter((event) => (typeof type === 'string' ? event.type === type : type.test(String(event.type))));
}

function idsOf(events: readonly Json[]): unknown[] {
  return [
    ...new Set(
      typed(events, /^response\.(?:created|in_progress|completed)$/).map(({ response }) => (response as Json)?.id),
    ),
  ];
}

/** Where a delta belongs: its item and its part. */
function placeOf({ item_id, output_index, content_index = 0, summary_index = 0 }: Json): string {
  return [item_id ?? output_index, content_index, summary_index].join(' ');
}

/** The events that tell a text piece by piece, and the field of their `done`. */
const SUMS: readonly [event: string, field: string][] = [
  ['response.output_text', 'text'],
  ['response.reasoning_summary_text', 'text'],
  ['response.reasoning_text', 'text'],
  ['response.function_call_arguments', 'arguments'],
];

/** What a stream of thoughts, a text and two calls has to keep. */
export const STREAM_RULES: readonly {
  name: string;
  requirement: string;
  source: string;
  level: Check['level'];
  /** Codex suffers by it, too: it needs neither deltas nor `added`, and keeps what is done. */
  codex?: true;
  judge(t: Trial, events: Json[]): void;
}[] = [
  {
    name: 'first',
    requirement: 'A stream begins with response.created, whose response is in progress.',
    source: `${SPEC}, streaming; the SDKs fill their snapshot from it`,
    level: 'should',
    judge(t, [first]) {
      t.expectSame(first?.type, 'response.created', 'the first event is another one', DOWN);
      const { status } = (first?.response ?? {}) as Json;
      t.expect(status === 'in_progress' || status === 'queued', `its response is ${String(status)}`, DOWN);
    },
  },
  {
    name: 'last',
    requirement: 'A stream has exactly one event that ends it, and nothing comes after it.',
    source: `${SPEC}, streaming; Codex and the SDKs read no further`,
    level: 'should',
    judge(t, events) {
      const at = events.findIndex(({ type }) => TERMINAL.test(String(type)));
      t.expect(at >= 0, 'no event ends the stream', DOWN);
      const after = at < 0 ? [] : events.slice(at + 1).map(({ type }) => type);
      t.expect(after.length === 0, `behind the end there is ${after.join(', ')}`, DOWN);
    },
  },
  {
    name: 'sequence',
    requirement: 'The sequence numbers of a stream grow with every event.',
    source: `${SPEC}, streaming; OpenAI API reference: \`sequence_number\``,
    level: 'should',
    judge(t, events) {
      const numbers = events.map(({ sequence_number }) => sequence_number);
      const grows = numbers.every((one, i) => typeof one === 'number' && (i === 0 || one > (numbers[i - 1] as number)));
      t.expect(grows, `the sequence numbers are ${numbers.join(', ')}`, DOWN);
    },
  },
  {
    name: 'response-id',
    requirement: 'The id of the response is the same in every event.',
    source: `${SPEC}; previous_response_id names it`,
    level: 'should',
    judge(t, events) {
      const ids = idsOf(events);
      t.expect(ids.length === 1 && typeof ids[0] === 'string', `the ids are ${ids.join(', ')}`, DOWN);
    },
  },
  {
    name: 'item-ids',
    requirement:
      'An item has the same id when it is added, in its deltas, when it is done and at the end, and no other item has it.',
    source: `${SPEC}, items; measured: deltas that belong to no item`,
    level: 'should',
    judge(t, events) {
      const ids = (type: string) => typed(events, type).map(({ item }) => (item as Json)?.id);
      const added = ids('response.output_item.added');
      t.expect(
        added.every((id) => typeof id === 'string') && new Set(added).size === added.length,
        `the ids are ${added}`,
        DOWN,
      );
      const done = ids('response.output_item.done');
      t.expectSame(done, added, orderOr(done, added, 'items are done under other ids'), DOWN);
      const last = lastIds(events);
      t.expectSame(last, added, orderOr(last, added, 'the items have other ids at the end'), DOWN);
      const strange = events.filter(({ item_id }) => item_id !== undefined && !added.includes(item_id));
      t.expect(strange.length === 0, `${strange.length} events name an item that was not added`, DOWN);
    },
  },
  {
    name: 'item-fields',
    requirement: 'Every item of an answer has an id, a type and, where it is a message or a call, a status.',
    source: `${SPEC}, items: MUST`,
    level: 'should',
    judge(t, events) {
      for (const { item } of typed(events, 'response.output_item.done')) {
        const { id, type, status } = item as Json;
        const whole = typeof id === 'string' && typeof type === 'string';
        t.expect(
          whole && (type === 'reasoning' || typeof status === 'string'),
          `an item is ${JSON.stringify(item)}`,
          DOWN,
        );
      }
    },
  },
  {
    name: 'added-first',
    requirement: 'An item is added before anything else is said of it, and done after.',
    source: `${SPEC}, streaming: MUST; the SDKs fail on a delta of an item that is not there`,
    level: 'must',
    judge(t, events) {
      const open = new Set<unknown>();
      for (const { type, output_index } of events) {
        if (type === 'response.output_item.added') open.add(output_index);
        else if (output_index !== undefined)
          t.expect(
            open.has(output_index),
            `${String(type)} comes for item ${String(output_index)}, which is not open`,
            DOWN,
          );
        if (type === 'response.output_item.done') open.delete(output_index);
      }
      t.expect(open.size === 0, `${open.size} items are never done`, DOWN);
    },
  },
  {
    name: 'parts',
    requirement: 'A part of a message is added before its deltas, its text is done behind them, and then the part.',
    source: `${SPEC}, streaming: MUST`,
    level: 'should',
    judge(t, events) {
      const order = events
        .filter(({ type }) => /content_part|output_text\.d/.test(String(type)))
        .map(({ type }) => String(type).replace('response.', ''));
      const once = order.filter((type, i) => type !== order[i - 1]);
      const due = ['content_part.added', 'output_text.delta', 'output_text.done', 'content_part.done'];
      t.expectSame(once, due, 'the order is another one', DOWN);
    },
  },
  {
    name: 'sums',
    requirement: 'A text that is done is the sum of its deltas, and so are the arguments of a call.',
    source: 'the SDKs show the deltas and keep what is done',
    level: 'must',
    judge(t, events) {
      for (const [event, field] of SUMS)
        for (const done of typed(events, `${event}.done`)) {
          const deltas = typed(events, `${event}.delta`).filter((delta) => placeOf(delta) === placeOf(done));
          const sum = deltas.map(({ delta }) => delta).join('');
          t.expectSame(sum, done[field], `the deltas of ${event} are not what is done`, DOWN);
        }
    },
  },
  {
    name: 'done-items',
    requirement: 'What an item says when it is done is what its deltas said.',
    source: 'Codex keeps the item, its user sees the deltas',
    level: 'must',
    codex: true,
    judge(t, events) {
      const text = typed(events, 'response.output_text.delta')
        .map(({ delta }) => delta)
        .join('');
      const args = typed(events, 'response.function_call_arguments.delta')
        .map(({ delta }) => delta)
        .join('');
      const items = typed(events, 'response.output_item.done').map(({ item }) => item as Json);
      const said = items.flatMap(({ content, type }) =>
        type === 'message' && Array.isArray(content) ? (content as Json[]) : [],
      );
      t.expectSame(said.map((one) => one.text).join(''), text, 'the text of the message is another one', DOWN);
      t.expectSame(items.map((item) => item.arguments ?? '').join(''), args, 'the arguments are others', DOWN);
    },
  },
  {
    name: 'completed-output',
    requirement: 'The response at the end holds the items that were done, in their order.',
    source: `${SPEC}; the SDKs' final response is this one`,
    level: 'should',
    judge(t, events) {
      const types = (items: readonly Json[]) =>
        items.map(({ type, call_id }) => [type, call_id].filter(Boolean).join(' '));
      const said = { events } as unknown as Parameters<typeof doneItems>[0];
      const [last, done] = [types(lastOutput(said)), types(doneItems(said))];
      t.expectSame(last, done, orderOr(last, done, 'the output at the end is another one'), DOWN);
    },
  },
];

/** What is to be said of a list that is not the one that is due: that its order alone is another one, or more. */
function orderOr(got: readonly unknown[], due: readonly unknown[], more: string): string {
  const same = isSameJson([...got].sort(), [...due].sort());
  return same ? 'the same items stand in another order than before' : more;
}

function lastIds(events: Json[]): unknown[] {
  return lastOutput({ events } as unknown as Parameters<typeof doneItems>[0]).map(({ id }) => id);
}
