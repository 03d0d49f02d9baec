import { TapedeckError } from '../errors.ts';
import type { Side } from '../util/types.ts';
import type { ExchangeSource } from './exchange-source.ts';
import {
  createFinder,
  createMatchIndex,
  type Finder,
  type MatchOptions,
  type Miss,
  type Unexplained,
} from './match.ts';
import { type Recording, recordingsOf } from './recording.ts';
import type { MatchRequest } from './request.ts';
import type { RecordedRequest, RequestTable } from './request-table.ts';

/** A recording that was found, to be read when its turn has come. */
export interface Hit {
  known: RecordedRequest;
  repeated: boolean;
  load(): Promise<Recording>;
}

/** An exchange that has not been played; `path` is without a leading `/v1` or the path of the base URL, and without query. */
export interface Leftover {
  id: string;
  seq: number;
  method: string;
  path: string;
}

/** The recordings of a cassette, looked up in memory and read from their place. */
export interface Library extends Pick<Finder, 'upgradeAt'> {
  /** Finds a recording at once and counts it as served, so that the order is that of the calls; `miss` reads to explain itself. */
  find(request: MatchRequest): { hit: Hit } | { miss(): Promise<Miss> };
  load(known: RecordedRequest): Promise<Recording>;
  /** Exchanges of which a request has not been asked for yet. */
  leftovers(): Leftover[];
}

/** Goes through a cassette once, and through its beginning again where later exchanges tell something about earlier ones. */
export async function indexSource(
  source: Pick<ExchangeSource, 'exchanges' | 'requests'>,
  options: MatchOptions,
): Promise<RequestTable> {
  const table = createMatchIndex(options);
  const requests = () => source.requests?.(options.side ?? 'client') ?? source.exchanges();
  for await (const exchange of requests()) table.learn(exchange);
  let left = table.unsettled;
  if (left > 0) {
    for await (const exchange of requests()) {
      table.relearn(exchange);
      left -= 1;
      if (left === 0) break;
    }
  }
  return table;
}

/** Reads the recording of a request. Throws TapedeckError `cassette-unreadable` when the cassette changed. */
export async function loadRecording(
  source: ExchangeSource,
  { number, attempt }: RecordedRequest,
  side: Side = 'client',
): Promise<Recording> {
  const exchange = await source.exchange(number);
  const recording = exchange && recordingsOf(exchange, side).find((one) => one.attempt === attempt);
  if (recording) return recording;
  throw new TapedeckError('cassette-unreadable', 'The cassette changed while it was read.', {
    hint: 'Run the command again.',
  });
}

/** Indexes the recordings of a cassette and finds them by requests. */
export async function openLibrary(source: ExchangeSource, options: MatchOptions): Promise<Library> {
  const finder = createFinder(await indexSource(source, options), options);
  const load = (known: RecordedRequest) => loadRecording(source, known, options.side);
  return {
    find(request) {
      const found = finder.find(request);
      if ('miss' in found) return { miss: () => explain(found.miss, load) };
      const { hit: known, repeated } = found;
      return { hit: { known, repeated, load: () => load(known) } };
    },
    load,
    leftovers: () => leftoversOf(finder.leftovers()),
    upgradeAt: finder.upgradeAt,
  };
}

async function explain(miss: Unexplained, load: Library['load']): Promise<Miss> {
  for (const known of miss.candidates) miss.consider(known, await load(known));
  return miss.explain();
}

/** One an exchange, however many of its attempts are left. */
function leftoversOf(list: readonly RecordedRequest[]): Leftover[] {
  const byExchange = new Map<number, Leftover>();
  for (const { number, id, seq, route } of list) {
    const path = route.name.slice(route.name.indexOf(' ') + 1);
    if (!byExchange.has(number)) byExchange.set(number, { id, seq, method: route.method, path });
  }
  return [...byExchange.values()];
}
