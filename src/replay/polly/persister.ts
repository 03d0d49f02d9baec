import type { CallDeck } from './call-deck.ts';
import { type FoundEntry, PersisterBase, type PollyRequest } from './polly.ts';

/**
 * Reads and writes cassettes for Polly through our own index, matching and recorder. Polly's order, its `findEntry` over all
 * entries and its pruning have no part in it.
 */
export class CassettePersister extends PersisterBase {
  static readonly id = 'tapedeck-cassette';

  readonly deck: CallDeck = this.options.deck;

  /** Null is a miss; what was found is kept with the call. */
  async findEntry({ requestArguments: { call } }: PollyRequest): Promise<FoundEntry | null> {
    call.recording = await this.deck.find(call);
    if (!call.recording) return null;
    const { startedDateTime, time, response } = call.recording.entry;
    return { startedDateTime, time, response: { status: response.status, headers: [] } };
  }

  /** Polly asks for this when it stops. */
  async persist(): Promise<void> {
    await this.deck.finish();
  }
}
