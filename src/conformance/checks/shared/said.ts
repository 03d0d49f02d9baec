import { assembleChat } from '../../../protocols/chat/assemble.ts';
import { assembleMessages } from '../../../protocols/messages/assemble.ts';
import type { Check, ConformanceProfile, Level } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import type { StreamEvent } from '../../provider/events.ts';
import type { AnswerContext } from '../../script.ts';
import { lostFrom } from './within.ts';

type Json = Record<string, unknown>;

/** What a provider says in words that only its protocol has, and a client of the same protocol has to be told. */
export interface SaidRow {
  /** Last part of the check's id, before `-stream` or `-json`. */
  name: string;
  requirement: string;
  source: string;
  level?: Level;
  /** Fields of the answer's document. */
  said: Json;
  /** Fields of the request. */
  more?: Json;
  /** The stream, where pieces of the usual size do not do. */
  events?(head: Json): StreamEvent[];
  only?: 'stream' | 'json';
}

/** How a protocol writes and reads answers. */
export interface Speech {
  client: 'chat' | 'messages';
  profiles: readonly ConformanceProfile[];
  /** The whole document of an answer with these fields. */
  document(said: Json, context: AnswerContext): Json;
  /** The same as a stream. */
  stream(document: Json): StreamEvent[];
}

/** Two checks a row: what was said arrives in a stream, and in a document. */
export function saidChecks(rows: readonly SaidRow[], speech: Speech): Check[] {
  return rows.flatMap((row) =>
    (['stream', 'json'] as const)
      .filter((form) => row.only === undefined || row.only === form)
      .map((form): Check => {
        const { client, profiles } = speech;
        return {
          id: `${client}.answer.${row.name}-${form}`,
          revision: 1,
          requirement: `${row.requirement} (${form === 'stream' ? 'as a stream' : 'as a document'})`,
          source: row.source,
          level: row.level ?? 'must',
          profiles,
          needs: 'upstream',
          clients: [client],
          pair: 'same',
          run: (t) => expectSaid(t, row, speech, form === 'stream'),
        };
      }),
  );
}

async function expectSaid(t: Trial, { said, more = {}, events }: SaidRow, speech: Speech, stream: boolean) {
  t.upstream.answer((request, context) => {
    const document = speech.document(said, context);
    if (request.json?.stream !== true) return { kind: 'body', status: 200, body: document };
    return { kind: 'events', events: events?.(document) ?? speech.stream(document) };
  });
  const { events: values } = await t.ask({ stream, more });
  const got = stream ? assembled(speech.client, values) : (values[0] as Json);
  for (const { pointer, before, after } of lostFrom(comparable(said), comparable(got)))
    t.expect(false, `${pointer} of the answer ${after === undefined ? 'is lost' : 'is another one'}`, {
      ...{ where: 'answer', pointer, expected: before },
      ...(after === undefined ? {} : { actual: after }),
    });
}

/** The document that a stream amounts to. */
export function assembled(client: Speech['client'], values: readonly unknown[]): Json {
  if (client === 'messages') return assembleMessages(values);
  const whole = assembleChat(values);
  const choices = whole.choices.map((choice): Json => {
    const found = values.flatMap((value) => logprobsOf(value, choice.index));
    return found.length > 0 ? { ...choice, logprobs: { content: found } } : choice;
  });
  return { ...whole, choices };
}

/** Log probabilities stand beside the deltas, a list in each chunk. */
function logprobsOf(chunk: unknown, index: number): unknown[] {
  const choices = (chunk as { choices?: unknown } | undefined)?.choices;
  const choice = (Array.isArray(choices) ? (choices as (Json | null)[]) : []).find((one) => one?.index === index);
  const content = (choice?.logprobs as Json | null | undefined)?.content;
  return Array.isArray(content) ? content : [];
}

/** Ids are a gateway's to choose, null says nothing, and arguments that are the same JSON are the same. */
export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, inner]) => name !== 'id' && name !== 'tool_use_id' && inner !== null)
      .map(([name, inner]) => [name, name === 'arguments' ? parsedArguments(inner) : comparable(inner)]),
  );
}

function parsedArguments(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return text;
  }
}
