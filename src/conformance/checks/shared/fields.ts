import { canonicalJson } from '../../../decode/json.ts';
import type { Protocol } from '../../../util/types.ts';
import type { Check, ConformanceProfile, Level } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { sortedDifferences } from './json-difference.ts';

/** A request field, or several that belong together, that a provider of the same protocol has to get as the client wrote it. */
export interface FieldRow {
  /** Last part of the check's id. */
  name: string;
  /** What is put into the body. */
  body: Record<string, unknown>;
  why: string;
  level?: Level;
  profiles?: readonly ConformanceProfile[];
  /** What the API takes it for when it is not said: left out, it says the same. */
  isDefault?: true;
  /** Another name of the field that providers know as well: the same value there says the same. */
  synonym?: string;
  /** Asked for a document: fields that make no sense in a stream. */
  stream?: false;
}

interface FieldOptions {
  area: 'responses' | 'chat' | 'messages';
  client: Protocol;
  profiles: readonly ConformanceProfile[];
}

/** One check a row: the fields of the row are the same at the provider. */
export function fieldChecks(rows: readonly FieldRow[], { area, client, profiles }: FieldOptions): Check[] {
  return rows.map(
    ({ name, body, why, level = 'should', profiles: own = profiles, stream = true, isDefault, synonym }): Check => ({
      id: `${area}.field.${name}`,
      revision: 2,
      requirement: `${Object.keys(body)
        .map((field) => `\`${field}\``)
        .join(
          ' and ',
        )} of a request ${Object.keys(body).length > 1 ? 'reach' : 'reaches'} a provider of the same protocol unchanged${isDefault ? ', or not at all, since that says the same' : ''} (${name}).`,
      source: why,
      level,
      profiles: own,
      needs: 'upstream',
      clients: [client],
      pair: 'same',
      async run(t) {
        await t.ask({ stream, more: body });
        const sent = t.sentUp();
        for (const [field, value] of Object.entries(body))
          if (!(isDefault && field !== 'tools' && sent[field] === undefined))
            expectSameField(t, field, value, sent[field] ?? (synonym === undefined ? undefined : sent[synonym]));
      },
    }),
  );
}

function expectSameField(t: Trial, field: string, due: unknown, got: unknown): void {
  const place = { where: 'upstream request', pointer: `/${field}` } as const;
  if (got === undefined) {
    t.expect(false, `\`${field}\` is lost on the way to the provider`, { ...place, expected: due });
    return;
  }
  const same = canonicalJson(got) === canonicalJson(due);
  t.expect(same, `\`${field}\` is another one at the provider`, {
    ...{ ...place, expected: due, actual: got },
    ...(saysTheSame(due, got) ? { lesser: true } : {}),
  });
}

/** Whether only the marks for the provider's cache differ, and how a text is cut into blocks. */
function saysTheSame(due: unknown, got: unknown): boolean {
  return canonicalJson(withoutForm(due)) === canonicalJson(withoutForm(got));
}

function withoutForm(value: unknown): unknown {
  if (Array.isArray(value)) {
    const list = value.map(withoutForm);
    const texts = list.filter(isTextBlock).map(({ text }) => text);
    return list.length > 0 && texts.length === list.length ? texts.join(' ').replace(/\s+/g, ' ') : list;
  }
  if (typeof value === 'string') return value.replace(/\s+/g, ' ');
  if (typeof value !== 'object' || value === null) return value;
  const { cache_control: _, ...rest } = value as Record<string, unknown>;
  return Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, withoutForm(inner)]));
}

function isTextBlock(value: unknown): value is { text: string } {
  const { type, text } = (value ?? {}) as Record<string, unknown>;
  return type === 'text' && typeof text === 'string';
}

/** What a gateway may change in a request of the same protocol without harm, by top-level field. */
const MAY_CHANGE: Record<Protocol, readonly string[]> = {
  responses: ['model', 'stream_options'],
  chat: ['model', 'stream_options'],
  messages: ['model'],
};

/** Notes every place at which the provider's request is not the client's, but for what a gateway may change. */
export function expectSameRequest(t: Trial, sent: Record<string, unknown>): void {
  const got = t.sentUp();
  for (const { pointer, before, after } of sortedDifferences(sent, got)) {
    const field = pointer.split('/')[1] ?? '';
    if (MAY_CHANGE[t.protocol].includes(field)) continue;
    const what = after === undefined ? 'is lost' : before === undefined ? 'was added' : 'was changed';
    t.expect(false, `${pointer} ${what} on the way to the provider`, {
      where: 'upstream request',
      pointer,
      ...(before === undefined ? {} : { expected: before }),
      ...(after === undefined ? {} : { actual: after }),
    });
  }
}
