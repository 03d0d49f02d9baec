import { compareValues, type FirstDifference } from './difference.ts';
import { withTexts } from './placeholders.ts';
import type { Recording } from './recording.ts';

/** The recorded request that differs least from one that has no recording. */
export interface Closest {
  recording: Recording;
  /** How many values differ. */
  leaves: number;
  first: FirstDifference | undefined;
}

/** A body as it is compared, and the texts that its tokens stand for. */
export interface ShownBody {
  body: unknown;
  notes: ReadonlyMap<string, string>;
}

/** Compares a request with recorded ones, one after the other, and keeps the closest. */
export class ClosestSearch {
  readonly #live: ShownBody;
  #best: { recording: Recording; served: boolean; leaves: number; first: FirstDifference | undefined } | undefined;

  constructor(live: ShownBody) {
    this.#live = live;
  }

  /** The one with the fewest leaves that differ wins; of several, the first that nobody got yet. */
  consider(recording: Recording, served: boolean, { body, notes }: ShownBody): void {
    const best = this.#best;
    const { leaves, first } = compareValues(body, this.#live.body, best ? best.leaves + 1 : undefined);
    if (best && leaves >= best.leaves && !(leaves === best.leaves && best.served && !served)) return;
    const shown = first && {
      pointer: first.pointer,
      recorded: withTexts(first.recorded, notes),
      live: withTexts(first.live, this.#live.notes),
    };
    this.#best = { recording, served, leaves, first: shown };
  }

  result(): Closest | undefined {
    return this.#best && { recording: this.#best.recording, leaves: this.#best.leaves, first: this.#best.first };
  }
}
