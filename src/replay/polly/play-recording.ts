import type { Entry, EntryEnd } from '../../cassette/format.ts';
import { concatBytes } from '../../util/bytes.ts';
import { headText } from '../../util/headers.ts';
import type { RawHeaders } from '../../util/types.ts';
import { type Answer, planAnswer } from '../answer.ts';
import type { Recording } from '../recording.ts';
import type { CallDeck } from './call-deck.ts';
import { AT_ONCE, type Pace } from './pace.ts';
import type { Reply } from './reply.ts';
import { undici } from './undici.ts';

/**
 * Tells a recorded answer read by read, as the network told it: one chunk at a time, none while whoever asked has paused, none
 * after it has aborted. An answer that broke off fails with the error that undici has for that.
 */
export async function playRecording(
  reply: Reply,
  recording: Recording,
  pace: Pace,
  split?: CallDeck['split'],
): Promise<void> {
  const answer = planAnswer(recording);
  const { head, end } = answer;
  const writes = split ? splitWrites(answer, split) : answer.writes;
  const until = async (ms: number): Promise<boolean> => {
    const came = await pace(ms, reply).then(
      () => true,
      () => false,
    );
    return came && reply.ready();
  };
  // To wait for nothing takes as long as to tell a small read.
  const isDue = (ms: number) => (pace === AT_ONCE && !reply.paused ? !reply.over : until(ms));
  for (const interim of answer.informational) {
    if (!(await until(interim.ms))) return;
    reply.head(interim.status, interim.headers, interim.statusText);
  }
  if (head) {
    if (!(await until(head.ms))) return;
    reply.head(head.status, headersOf(recording.entry, head.headers), head.statusText);
  }
  for (const { ms, data } of writes) {
    if (data.length === 0) continue;
    const due = isDue(ms);
    if (due !== true && !(await due)) return;
    reply.data(Buffer.from(data.buffer, data.byteOffset, data.length));
  }
  if (!(await until(end.ms))) return;
  const failure = failureOf(recording.entry, answer);
  if (failure) reply.fail(failure);
  else reply.end(answer.trailers.flat());
}

/** The same bytes in other reads, all at the time of the last one. */
function* splitWrites({ writes, end }: Answer, split: NonNullable<CallDeck['split']>): Generator<Answer['writes'][0]> {
  const ms = writes.at(-1)?.ms ?? end.ms;
  for (const data of split(concatBytes(writes.map((write) => write.data)))) yield { ms, data };
}

/** The planned headers, with those of the recorded connection in their places: nothing here frames the body by them. */
function headersOf({ response }: Entry, planned: RawHeaders): RawHeaders {
  const headers: string[] = [];
  let next = 0;
  for (const { name, value } of response.headers) {
    if (planned[next] === name) {
      headers.push(name, planned[next + 1]!);
      next += 2;
    } else if (!REPLANNED.has(name.toLowerCase()) && !name.startsWith(':')) headers.push(name, headText(value));
  }
  return headers;
}

/** What does not stand in a plan is left out: the body is not the one that they tell of. */
const REPLANNED = new Set(['content-encoding', 'content-length']);

/** Undefined for an answer that ended as HTTP says, and for one that its client closed after the last event. */
export function failureOf(entry: Entry, { head, end }: Answer): Error | undefined {
  const { how, detail } = entry._end ?? { how: 'closed' };
  const closedByClient = entry._outcome === 'complete' && !entry.response.content._cut;
  if (head && (end.how === 'end' || closedByClient)) return undefined;
  return FAILURES[how](detail, head !== undefined);
}

/** The errors that undici and node have for these; whoever tells them apart does so by their codes. */
const FAILURES: Record<EntryEnd['how'], (detail: string | undefined, answered: boolean) => Error> = {
  // A message that came whole, of which the cassette does not hold all.
  complete: closed,
  closed,
  reset: () => coded('read ECONNRESET', 'ECONNRESET', 'read'),
  refused: () => coded('connect ECONNREFUSED', 'ECONNREFUSED', 'connect'),
  timeout: (_, answered) => {
    const { BodyTimeoutError, HeadersTimeoutError } = undici().errors;
    return answered ? new BodyTimeoutError() : new HeadersTimeoutError();
  },
  error: (detail) => new (undici().errors.UndiciError)(detail ?? 'the recorded connection failed'),
};

function closed(): Error {
  return new (undici().errors.SocketError)('other side closed');
}

function coded(message: string, code: string, syscall: string): Error {
  return Object.assign(new Error(message), { code, syscall });
}
