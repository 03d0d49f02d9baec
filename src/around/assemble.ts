import type { RecordedExchange } from '../cassette/legs.ts';
import { type Joined, joinSketches } from './join.ts';
import { mergeExchange, unaskedExchange } from './merge.ts';
import { type Sketch, sketchOf } from './sketch.ts';

/** Who belongs to whom, by the numbers of the exchanges as they were recorded (from 1). */
export interface JoinPlan {
  /** In the order in which they began: a front with its attempts, or a back that nobody asked for. */
  exchanges: PlannedExchange[];
}

export type PlannedExchange =
  | { number: number; attempts: { number: number; join: NonNullable<Joined> }[] }
  | { number: number; unasked: true };

/** What is kept of an exchange until all are known. */
export interface SketchedExchange {
  number: number;
  isBack: boolean;
  sketch: Sketch;
}

/** @param number of the exchange as it was recorded, from 1 */
export function sketchExchange(exchange: RecordedExchange, number: number): SketchedExchange {
  const isBack = isBackTap(exchange);
  const sketch = sketchOf(exchange);
  // In what a client said nothing is looked for, and of a long session it would be a lot to keep.
  return { number, isBack, sketch: isBack ? sketch : { ...sketch, said: '' } };
}

/** The front tap tells of no attempts, and the back tap of one at least, unless the gateway left before. */
function isBackTap({ attempts, client }: RecordedExchange): boolean {
  return attempts.length > 0 || (client._producer.name === 'tapedeck' && client._producer.how !== 'error');
}

/** Joins the two sides of a recording. @param all in the order in which they were recorded */
export function planJoin(all: readonly SketchedExchange[]): JoinPlan {
  const fronts = all.filter(({ isBack }) => !isBack);
  const backs = all.filter(({ isBack }) => isBack);
  const joined = joinSketches(
    fronts.map(({ sketch }) => sketch),
    backs.map(({ sketch }) => sketch),
  );
  const attempts = new Map<number, { number: number; join: NonNullable<Joined> }[]>();
  const unasked: number[] = [];
  for (const [i, back] of backs.entries()) {
    const join = joined[i];
    if (!join) {
      unasked.push(back.number);
      continue;
    }
    const { number } = fronts[join.front]!;
    attempts.set(number, [...(attempts.get(number) ?? []), { number: back.number, join }]);
  }
  const exchanges: PlannedExchange[] = [
    ...fronts.map(({ number }) => ({ number, attempts: attempts.get(number) ?? [] })),
    ...unasked.map((number) => ({ number, unasked: true as const })),
  ];
  return { exchanges: exchanges.sort((a, b) => a.number - b.number) };
}

/** The exchanges of a plan, four legs each. @param read gives an exchange as it was recorded */
export async function* joinedExchanges(
  { exchanges }: JoinPlan,
  read: (number: number) => Promise<RecordedExchange | undefined>,
): AsyncGenerator<RecordedExchange> {
  for (const planned of exchanges) {
    const own = await read(planned.number);
    if (!own) continue;
    if ('unasked' in planned) {
      yield unaskedExchange(own);
      continue;
    }
    const backs = await Promise.all(planned.attempts.map(({ number }) => read(number)));
    const attempts = planned.attempts.flatMap(({ join: { by, certainty } }, i) => {
      const back = backs[i];
      return back ? [{ back, join: { by, certainty } }] : [];
    });
    yield mergeExchange(own, attempts);
  }
}
