import type { BodyFields, Chunk, Entry, EntryJoin } from '../cassette/format.ts';
import type { RecordedExchange } from '../cassette/legs.ts';

/** An upstream request that belongs to an exchange. */
export interface JoinedAttempt {
  /** The exchange of the back tap. */
  back: RecordedExchange;
  join: EntryJoin;
}

/** An exchange of the front tap with what the back tap saw of it, as one with four legs. The number stays that of the front. */
export function mergeExchange(front: RecordedExchange, attempts: readonly JoinedAttempt[]): RecordedExchange {
  const { client } = front;
  const join: EntryJoin = { by: 'none', certainty: 'certain' };
  return {
    ...front,
    client: attempts.length === 0 ? { ...client, _join: join } : client,
    attempts: attempts.map(({ back, join }, i) => ({
      ...upstreamEntry(back),
      _exchange: client._exchange,
      _seq: client._seq,
      _seed: client._seed,
      _attempt: i + 1,
      _join: join,
    })),
  };
}

/** An exchange of the back tap that nobody asked for. */
export function unaskedExchange(back: RecordedExchange): RecordedExchange {
  const marked = (entry: Entry): Entry => ({ ...entry, _unasked: true });
  return { ...back, client: marked(back.client), attempts: back.attempts.map(marked) };
}

/** What the provider was asked and said, with its bodies in itself. Without an attempt it is what the gateway said to the tap. */
function upstreamEntry({ client, attempts }: RecordedExchange): Entry {
  const entry = attempts.at(-1);
  if (!entry) return { ...client, _side: 'upstream', _producer: client._producer };
  const { _webSocketSameAs, ...rest } = entry;
  const shift = Date.parse(client.startedDateTime) - Date.parse(entry.startedDateTime);
  const { postData } = entry.request;
  const own: Entry = {
    ...rest,
    request: {
      ...entry.request,
      ...(postData && {
        postData: { ...ownBody(postData, client.request.postData, 0), text: textOf(postData, client) },
      }),
    },
    response: {
      ...entry.response,
      content: { ...entry.response.content, ...ownBody(entry.response.content, client.response.content, shift) },
    },
  };
  delete (own.response.content as BodyFields)._sameAs;
  if (_webSocketSameAs === 'client' && client._webSocketMessages) own._webSocketMessages = client._webSocketMessages;
  return own;
}

function textOf(postData: BodyFields & { text: string }, client: Entry): string {
  return postData._sameAs === 'client' ? (client.request.postData?.text ?? '') : postData.text;
}

/** A body that refers to the client's of its exchange takes that one's place. @param shift of times, in milliseconds */
function ownBody<T extends BodyFields>(body: T, client: BodyFields | undefined, shift: number): T {
  if (body._sameAs !== 'client' || !client) return body;
  const { _sameAs: _, ...rest } = body;
  const { _chunks } = client;
  const moved = _chunks?.map(([ms, data]): Chunk => [Math.max(0, Math.round((ms + shift) * 10) / 10), data]);
  return { ...rest, ...client, ...(moved ? { _chunks: moved } : {}) } as T;
}
