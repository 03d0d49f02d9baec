import type { Check, CodexSetup, ConformanceProfile, Level } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { type Difference, sortedDifferences } from '../shared/json-difference.ts';
import { findEach, isRewritten } from '../shared/within.ts';
import { isConverted, isNamedAfter } from './converted.ts';
import { HISTORY_ROWS } from './item-rows.ts';
import { OTHER_ROWS } from './other-item-rows.ts';
import { TOOL_ROWS } from './tool-rows.ts';

type Json = Record<string, unknown>;

/** Items of an input, or tools, that a provider of Responses has to get as the client wrote them. */
export interface ItemRow {
  /** Last part of the check's id. */
  name: string;
  /** What they are, in words that follow "reaches a provider of Responses as it is". */
  what: string;
  items: readonly Json[];
  why: string;
  level?: Level;
  profiles?: readonly ConformanceProfile[];
  /** The setups of Codex that send it. */
  codex?: readonly CodexSetup[];
  /** Fields beside the input. */
  more?: Json;
  /** The items stand behind what the user says. */
  last?: true;
}

const BOTH: readonly ConformanceProfile[] = ['codex', 'open-responses'];
const UP = 'upstream request' as const;

/** Asks with these items in the history. */
function bodyWith(t: Trial, { items, more = {}, last }: Pick<ItemRow, 'items' | 'more' | 'last'>): Json {
  const body = t.prompt({ more });
  const said = body.input as Json[];
  return { ...body, input: last ? [...said, ...items] : [...items, ...said] };
}

/** Notes each value that did not arrive in the list at `/input` or `/tools`, or not as it was. */
function expectEach(t: Trial, due: readonly Json[], sent: Json, field: 'input' | 'tools'): void {
  for (const [i, { at, lost }] of findEach(due, sent[field]).entries()) {
    const one = due[i]!;
    const named = `${String(one.type ?? 'message')}${one.name === undefined ? '' : ` ${one.name}`}`;
    if (at < 0) {
      const { what, ...fault } = isConverted(one, sent) ? CONVERTED : LOST;
      t.expect(false, `${named} ${what}`, { ...fault, where: UP, pointer: `/${field}` });
      continue;
    }
    for (const difference of lost) {
      const { pointer, before, after } = difference;
      const lesser = isRewritten(difference) || isAnotherKind(one, (sent[field] as Json[])[at]!, pointer);
      t.expect(
        false,
        `${pointer || '/'} of ${named} ${after === undefined ? 'is lost' : 'is another one'} at the provider`,
        {
          ...{ where: UP, pointer: `/${field}/${at}${pointer}`, expected: before },
          ...(after === undefined ? {} : { actual: after }),
          ...(lesser ? { lesser } : {}),
        },
      );
    }
  }
}

/** What the client gets back is asked by others. */
const CONVERTED = { what: 'reaches the provider as a function', lesser: true } as const;
const LOST = { what: 'is lost on the way to the provider' } as const;

/** Whether only the kind of a tool or its namespace differs, or an id, which may be left out. */
function isAnotherKind({ name, namespace, tools }: Json, got: Json, pointer: string): boolean {
  if (pointer === '/id') return got.id === undefined;
  if (pointer.startsWith('/tools/') && Array.isArray(tools)) return isConverted({ tools }, got);
  const isPart = pointer === '/name' || pointer === '/namespace';
  return isPart && namespace !== undefined && got.namespace === undefined && isNamedAfter(got.name, name);
}

const COMMON = {
  revision: 1,
  needs: 'upstream',
  clients: ['responses'],
  pair: 'same',
} as const;

const HISTORY_CHECKS = [...HISTORY_ROWS, ...OTHER_ROWS].map(
  (row): Check => ({
    ...COMMON,
    revision: 2,
    id: `responses.item.${row.name}`,
    requirement: `${row.what} in the history reaches a provider of Responses as it is.`,
    source: row.why,
    level: row.level ?? 'must',
    profiles: row.profiles ?? BOTH,
    ...(row.codex ? { codex: row.codex } : {}),
    async run(t) {
      const reply = await t.call({ body: bodyWith(t, row) });
      await t.read(reply);
      expectEach(t, row.items, t.sentUp(), 'input');
    },
  }),
);

const TOOL_CHECKS = TOOL_ROWS.map(
  (row): Check => ({
    ...COMMON,
    id: `responses.tool.${row.name}`,
    requirement: `${row.what} is offered to a provider of Responses as it is.`,
    source: row.why,
    level: row.level ?? 'must',
    profiles: row.profiles ?? BOTH,
    ...(row.codex ? { codex: row.codex } : {}),
    async run(t) {
      await t.ask({ more: { ...row.more, tools: row.items } });
      expectEach(t, row.items, t.sentUp(), 'tools');
    },
  }),
);

/** Places at which something stands that the client did not say. */
function addedTo(before: unknown, after: unknown, pointer: string): Difference[] {
  return sortedDifferences(before, after, pointer).filter(
    (difference) => difference.before === undefined && difference.after !== null,
  );
}

export const ITEM_CHECKS: readonly Check[] = [
  ...HISTORY_CHECKS,
  {
    ...COMMON,
    id: 'responses.item.nothing-added',
    requirement: 'Nothing is added to the items of a history: no items, and no fields of other items.',
    source: 'measured: a role and a null content on every item, made-up reasoning, made-up outputs of calls',
    level: 'should',
    profiles: BOTH,
    async run(t) {
      const items = HISTORY_ROWS.filter(({ last, level = 'must' }) => !last && level === 'must').flatMap(
        (row) => row.items,
      );
      const sent = bodyWith(t, { items });
      await t.read(await t.call({ body: sent }));
      const { input } = t.sentUp();
      const got = Array.isArray(input) ? (input as Json[]) : [];
      t.expect(got.length <= items.length + 1, `${items.length + 1} items became ${got.length}`, {
        ...{ where: UP, pointer: '/input' },
      });
      for (const [i, { at }] of findEach(items, got).entries())
        for (const { pointer, after } of at < 0 ? [] : addedTo(items[i], got[at], `/input/${at}`))
          t.expect(false, `${pointer} was added on the way to the provider`, { where: UP, pointer, actual: after });
    },
  },
  {
    ...COMMON,
    id: 'responses.item.order',
    requirement: 'The items of a history reach a provider of Responses in the order in which they were sent.',
    source:
      'Codex 0.113.0 to 0.169.0, measured: calls, outputs and reasoning in between belong together by their order',
    level: 'must',
    profiles: BOTH,
    async run(t) {
      const items = ['one', 'two', 'three'].flatMap((word): Json[] => [
        { type: 'function_call', call_id: `call_${word}`, name: 'exec_command', arguments: '{"cmd":"true"}' },
        { type: 'function_call_output', call_id: `call_${word}`, output: `output ${word}` },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: `text ${word}` }] },
      ]);
      await t.read(await t.call({ body: bodyWith(t, { items }) }));
      const input = t.sentUp().input as Json[] | undefined;
      const marks = (list: readonly Json[]) =>
        list.map(({ type, call_id, role }) => [type, call_id ?? role].join(' ')).filter((mark) => !/ user$/.test(mark));
      const got = Array.isArray(input) ? input : [];
      t.expectSame(marks(got), marks(items), 'the order is another one', { where: UP, pointer: '/input' });
    },
  },
  {
    ...COMMON,
    id: 'responses.item.ids',
    requirement: 'The ids of the items of a history reach a provider of Responses as they are, or not at all.',
    source:
      'Codex 0.146 and later, measured: it sends an id with every item; reasoning is bound to the id by its provider',
    level: 'should',
    profiles: BOTH,
    async run(t) {
      const items: Json[] = [
        { type: 'reasoning', id: 'rs_made_up_1', summary: [], content: null, encrypted_content: 'gAAAAmadeup' },
        {
          ...{ type: 'message', id: 'msg_made_up_1', role: 'assistant' },
          content: [{ type: 'output_text', text: 'Made up.' }],
        },
        { type: 'function_call', id: 'fc_made_up_1', call_id: 'call_1', name: 'exec_command', arguments: '{}' },
        { type: 'function_call_output', id: 'fco_made_up_1', call_id: 'call_1', output: 'ok' },
      ];
      await t.read(await t.call({ body: bodyWith(t, { items }) }));
      const input = t.sentUp().input as Json[] | undefined;
      for (const { type, id } of items) {
        const got = (Array.isArray(input) ? input : []).find((item) => item.type === type && item.role !== 'user')?.id;
        const kept = got === undefined || got === null || got === id;
        t.expect(kept, `the id of ${type} is another one`, { where: UP, expected: id, actual: got });
      }
    },
  },
  ...TOOL_CHECKS,
  {
    ...COMMON,
    revision: 2,
    id: 'responses.tool.all-in-order',
    requirement: 'All tools of a request reach a provider of Responses, in order, and no other tool.',
    source: 'measured: 7 of 12 tools kept; tools added that nobody offered; the order is part of the cached prefix',
    level: 'must',
    profiles: BOTH,
    async run(t) {
      const tools = TOOL_ROWS.filter(({ level = 'must' }) => level === 'must').flatMap(({ items }) => items);
      await t.ask({ more: { tools } });
      const name = ({ type, name: said }: Json) => [type, said].filter(Boolean).join(' ');
      const sent = t.sentUp();
      const got = sent.tools;
      const list = Array.isArray(got) ? (got as Json[]) : [];
      // In another order they are all there; only the cache does not know them.
      const kept = tools.every((one) => findEach([one], list)[0]!.at >= 0 || isConverted(one, sent));
      t.expectSame(Array.isArray(got) ? list.map(name) : got, tools.map(name), 'the tools are others', {
        ...{ where: UP, pointer: '/tools' },
        ...(kept ? { lesser: true } : {}),
      });
    },
  },
];
