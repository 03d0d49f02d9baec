import type { Check, ConformanceProfile, Level } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { findEach, isRewritten } from './within.ts';

type Json = Record<string, unknown>;

/** Messages of a conversation that a provider of the same protocol has to get as the client wrote them. */
export interface TurnRow {
  /** Last part of the check's id. */
  name: string;
  /** What they are, in words that follow "gets as it was written". */
  what: string;
  turns: readonly Json[];
  why: string;
  level?: Level;
  /** Fields beside the messages. */
  more?: Json;
  /** They stand behind what the user says. */
  last?: true;
  /** The types of the official SDK do not have it. */
  beyondSdk?: true;
}

interface TurnOptions {
  area: 'chat' | 'messages';
  /** What providers of the protocol are called. */
  provider: string;
  profiles: readonly ConformanceProfile[];
}

/** One check a row: each message of the row arrives, with all that it has. */
export function turnChecks(rows: readonly TurnRow[], { area, provider, profiles }: TurnOptions): Check[] {
  return rows.map(
    (row): Check => ({
      id: `${area}.turn.${row.name}`,
      revision: 2,
      requirement: `A provider of ${provider} gets as it was written: ${row.what[0]!.toLowerCase()}${row.what.slice(1)}.`,
      source: row.why,
      level: row.level ?? 'must',
      profiles,
      needs: 'upstream',
      clients: [area],
      pair: 'same',
      async run(t) {
        if (row.beyondSdk) t.upstream.beLenient();
        await t.read(await t.call({ body: bodyWith(t, row) }));
        expectTurns(t, row.turns, t.sentUp().messages);
      },
    }),
  );
}

/** A request with these messages in its conversation. */
export function bodyWith(t: Trial, { turns, more = {}, last }: Pick<TurnRow, 'turns' | 'more' | 'last'>): Json {
  const body = t.prompt({ more });
  const said = body.messages as Json[];
  return { ...body, messages: last ? [...said, ...turns] : [...turns, ...said] };
}

/** Notes each message that did not arrive, or not as it was. */
export function expectTurns(t: Trial, turns: readonly Json[], list: unknown): void {
  const due = turns.map(unfoldContent);
  const got = Array.isArray(list) ? list.map(unfoldContent) : [];
  for (const [i, { at, lost }] of findEach(due, got).entries()) {
    const named = `message ${i + 1} (${String(due[i]!.role)})`;
    const place = { where: 'upstream request', pointer: '/messages' } as const;
    if (!t.expect(at >= 0, `${named} is lost on the way to the provider`, place)) continue;
    for (const difference of lost) {
      const { pointer, before, after } = difference;
      t.expect(false, `${pointer || '/'} of ${named} ${after === undefined ? 'is lost' : 'is another one'}`, {
        ...{ where: 'upstream request', pointer: `/messages/${at}${pointer}`, expected: before },
        ...(after === undefined ? {} : { actual: after }),
        // Most providers know the older name alone.
        ...((before === 'developer' && after === 'system') || isRewritten(difference) ? { lesser: true } : {}),
      });
    }
  }
}

/** A content that is a string says the same as one text; in both protocols, of messages and of the results of tools. */
export function unfoldContent(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  const { content } = value;
  if (typeof content === 'string') return { ...value, content: [{ type: 'text', text: content }] };
  return Array.isArray(content) ? { ...value, content: content.map(unfoldContent) } : value;
}
