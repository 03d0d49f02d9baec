import type { Check, ConformanceProfile } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { StreamEvent } from '../../provider/events.ts';
import { needStream } from './streams.ts';

type Json = Record<string, unknown>;

/** An error of a provider, and what of it programs go by. */
export interface ErrorRow {
  name: string;
  /** `in-stream`: an event in the middle of a stream. */
  status: number | 'in-stream';
  /** The error object within the body. */
  error: Json;
  /** Fields of it that have to arrive. */
  keeps: readonly string[];
  why: string;
}

interface ErrorOptions {
  client: 'chat' | 'messages';
  profiles: readonly ConformanceProfile[];
  /** The error as an event; its data is the body of an error before the stream, too. */
  event(error: Json): { event?: string; data: object };
}

/** One check a row: what says in an error which one it is arrives at a client of the same protocol. */
export function errorKindChecks(rows: readonly ErrorRow[], { client, profiles, event }: ErrorOptions): Check[] {
  return rows.map(
    ({ name, status, error, keeps, why }): Check => ({
      id: `${client}.error.${name}`,
      revision: 2,
      requirement: `${keeps.map((field) => `\`${field}\``).join(' and ')} of a provider's error ${typeof status === 'number' ? status : 'in a stream'} ${keeps.length > 1 ? 'arrive' : 'arrives'} (${name}).`,
      source: why,
      level: 'should',
      profiles,
      needs: 'upstream',
      clients: [client],
      pair: 'same',
      alone: 'provokes',
      async run(t) {
        const got = typeof status === 'number' ? await refused(t, status, event(error)) : await broken(t, event(error));
        for (const field of keeps)
          t.expectSame(got?.[field], error[field], `\`${field}\` of the error is another one`, {
            where: 'answer',
            pointer: `/error/${field}`,
          });
      },
    }),
  );
}

/** The error that the client gets in place of an answer. */
async function refused(t: Trial, status: number, { data }: { data: object }): Promise<Json | undefined> {
  t.upstream.answer(() => ({ kind: 'body', status, body: data }));
  const reply = await t.call({ body: t.prompt({ stream: false }) });
  return errorIn(await reply.json());
}

/** The error that the client gets in the middle of a stream, or in place of it. */
async function broken(t: Trial, event: StreamEvent): Promise<Json | undefined> {
  t.upstream.answer((request, context) => {
    const answer = answerItems({ items: [{ type: 'message', text: 'alpha bravo charlie' }] })(request, context);
    if (answer.kind !== 'events') return answer;
    const middle = answer.events.findIndex(({ data }) => JSON.stringify(data).includes('bravo'));
    return { ...answer, events: [...answer.events.slice(0, middle + 1), event] };
  });
  const reply = await t.call({ body: t.prompt() });
  needStream(t);
  if (reply.status !== 200) return errorIn(await reply.json());
  const { events } = await t.read(reply);
  return events.map(errorIn).find((error) => error !== undefined);
}

function errorIn(body: unknown): Json | undefined {
  const error = (body as Json | null | undefined)?.error;
  return typeof error === 'object' && error !== null ? (error as Json) : undefined;
}
