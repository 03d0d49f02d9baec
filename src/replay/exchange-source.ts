import type { RecordedExchange } from '../cassette/legs.ts';
import type { CassetteReader } from '../cassette/store.ts';
import type { Side } from '../util/types.ts';

/** Exchanges that are read when they are needed. */
export interface ExchangeSource {
  /** All of them, in their order; may be called as often as wanted. */
  exchanges(): AsyncIterable<RecordedExchange>;
  /** The same in the same order, as far as the requests of a side tell; where that is quicker. */
  requests?(side: Side): AsyncIterable<RecordedExchange>;
  /** One by its number, from 1. Throws TapedeckError `cassette-unreadable` when the cassette changed. */
  exchange(number: number): Promise<RecordedExchange | undefined>;
}

/** The exchanges of an open cassette; in memory where it has no places to read single ones from. */
export async function sourceOfCassette(cassette: CassetteReader): Promise<ExchangeSource> {
  const { places } = cassette;
  if (places)
    return {
      exchanges: () => cassette.exchanges(),
      requests: (side) => places.requests(side),
      exchange: (number) => places.exchange(number),
    };
  const list: RecordedExchange[] = [];
  for await (const exchange of cassette.exchanges()) list.push(exchange);
  return sourceOfList(list);
}

/** Exchanges that are in memory. */
export function sourceOfList(exchanges: Iterable<RecordedExchange>): ExchangeSource {
  const list = [...exchanges];
  return {
    async *exchanges() {
      yield* list;
    },
    exchange: async (number) => list[number - 1],
  };
}
