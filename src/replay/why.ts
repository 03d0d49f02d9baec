import type { Outcome } from '../util/types.ts';
import { compareValues } from './difference.ts';
import type { ExchangeSource } from './exchange-source.ts';
import { indexSource, loadRecording } from './library.ts';
import { createFinder, type Found, type MatchOptions } from './match.ts';
import { type Recording, requestOf } from './recording.ts';
import type { MatchLevel, MatchRequest } from './request.ts';
import { compareRequests, type RequestDifference } from './request-difference.ts';
import type { RecordedRequest, RequestTable, RequestView } from './request-table.ts';

/** A recording by its names. */
export interface RecordingName {
  /** Of its exchange in the cassette, from 1. */
  number: number;
  id: string;
  /** Upstream side only; from 1. */
  attempt?: number;
}

/** A recording with the same key; `next` is the one that answers, `served` was given to a request before. */
export interface EqualRecording extends RecordingName {
  state: 'served' | 'next' | 'waiting';
}

/** A recording, and how the request differs from it. */
export interface ComparedRecording extends RecordingName, RequestDifference {
  status: number;
  outcome: Outcome;
  /** Leaves that count and differ, as in the message of a miss. */
  differing: number;
}

/** Why a request does or does not match. */
export interface MatchExplanation {
  /** `exhausted`: there are equal recordings, and none is left for this request. */
  verdict: 'match' | 'exhausted' | 'unknown';
  /** What a request is looked up by; `body`: SHA-256 of what is compared of it, or `empty`. */
  key: { route: string; query: string; body: string };
  /** In recorded order. */
  equal: EqualRecording[];
  /** The one that answers; absent when none does. `repeated`: it was served before. */
  answer?: ComparedRecording & { repeated: boolean };
  /** Without an answer: those that are not equal and differ least, the closest first. */
  closest: ComparedRecording[];
  /** What the cassette can be asked for, where it has nothing of the request's method and path. */
  routes?: { route: string; recordings: number }[];
}

/** What `why --json` writes. schemas/why.schema.json is made from it. */
export interface WhyReport extends MatchExplanation {
  event: 'why';
  match: MatchLevel;
  /** What was asked; `exchange`: its number in the cassette of that name. */
  request: { file: string; exchange?: number; method: string; target: string };
}

/** A recording that has been read. */
interface Candidate {
  known: RecordedRequest;
  recording: Recording;
  recorded: RequestView;
  differing: number;
}

/** Closest recordings that are named. */
const CLOSEST = 3;

/**
 * Explains what `play` would make of a request.
 * @param before requests that are asked first, in the same run
 * @throws TapedeckError `cassette-unreadable`
 */
export async function explainRequest(
  source: ExchangeSource,
  asked: MatchRequest,
  options: MatchOptions & { before?: AsyncIterable<MatchRequest> | Iterable<MatchRequest> },
): Promise<MatchExplanation> {
  const table = await indexSource(source, options);
  const finder = createFinder(table, options);
  for await (const request of options.before ?? []) finder.find(request);

  const { key } = table.ask(asked);
  const all = table.all.filter((known) => known.key === key);
  const served = new Set(all.filter((known) => known.served));
  const found = finder.find(asked);
  const hit = 'hit' in found ? found.hit : undefined;
  const state = (known: RecordedRequest) => (known === hit ? 'next' : served.has(known) ? 'served' : 'waiting');
  const view = table.view(asked);
  const { route, query, content } = view.form;
  const read = async (known: RecordedRequest): Promise<Candidate> => {
    const recording = await loadRecording(source, known, options.side);
    const recorded = table.view(requestOf(recording)!);
    return { known, recording, recorded, differing: compareValues(recorded.form.body, view.form.body).leaves };
  };
  const compare = ({ known, recording: { entry }, recorded, differing }: Candidate): ComparedRecording => ({
    ...nameOf(known),
    status: entry.response.status,
    outcome: entry._outcome,
    differing,
    ...compareRequests(recorded, view, options.level),
  });
  return {
    verdict: hit ? 'match' : all.length > 0 ? 'exhausted' : 'unknown',
    key: { route, query, body: content },
    equal: all.map((known) => ({ ...nameOf(known), state: state(known) })),
    ...('hit' in found ? { answer: { ...compare(await read(found.hit)), repeated: found.repeated } } : {}),
    closest: (await closestOf(found, key, read)).map(compare),
    ...(hit || table.all.some((known) => known.route.name === route) ? {} : { routes: routesOf(table) }),
  };
}

function nameOf({ number, id, attempt }: RecordedRequest): RecordingName {
  return { number, id, ...(attempt === undefined ? {} : { attempt }) };
}

async function closestOf(
  found: Found,
  key: string,
  read: (known: RecordedRequest) => Promise<Candidate>,
): Promise<Candidate[]> {
  const best: Candidate[] = [];
  if ('hit' in found) return best;
  for (const known of found.miss.candidates) {
    if (known.key === key) continue;
    best.push(await read(known));
    // As a miss does: the fewest leaves; of several, those that nobody got yet; then as recorded.
    best.sort((a, b) => a.differing - b.differing || Number(a.known.served) - Number(b.known.served));
    best.length = Math.min(best.length, CLOSEST);
  }
  return best;
}

function routesOf(table: RequestTable): { route: string; recordings: number }[] {
  const counts = new Map<string, number>();
  for (const { route } of table.all) counts.set(route.name, (counts.get(route.name) ?? 0) + 1);
  return [...counts].map(([route, recordings]) => ({ route, recordings }));
}
