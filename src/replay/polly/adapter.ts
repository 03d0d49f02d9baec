import { answerMiss } from './missed.ts';
import type { CassettePersister } from './persister.ts';
import { playRecording } from './play-recording.ts';
import { AdapterBase, type NewRequest, type PollyRequest } from './polly.ts';

/**
 * Carries dispatched requests through Polly. Polly says what is to be done with a request; bodies never pass through it, since it
 * would have them whole: they stream between the call and its recording, or its upstream.
 */
export class DispatcherAdapter extends AdapterBase {
  static readonly id = 'tapedeck-dispatcher';

  readonly #startPace = this.options.startPace;

  get #persister(): CassettePersister {
    return this.polly.persister as CassettePersister;
  }

  /** Requests come from a dispatcher that somebody uses: there is nothing to patch. */
  onConnect(): void {}

  onDisconnect(): void {}

  override async handleRequest(request: NewRequest): Promise<PollyRequest> {
    const handled = await super.handleRequest(request);
    const { _requests } = this.polly;
    // Polly keeps every request for its pruning.
    _requests.splice(_requests.indexOf(handled), 1);
    return handled;
  }

  /** In place of Polly's own, which takes a node that has `navigator` (from 21 on) for a browser that is offline. */
  async record(request: PollyRequest): Promise<void> {
    const { call } = request.requestArguments;
    request.action = 'record';
    call.miss = undefined;
    await this.#persister.deck.record(call);
  }

  async onReplay({ requestArguments: { call } }: PollyRequest): Promise<void> {
    await playRecording(call.reply, call.recording!, this.#startPace(), this.#persister.deck.split);
  }

  /** @param error what stopped the request; a miss comes as one too */
  async onRespond({ requestArguments: { call } }: PollyRequest, error?: Error): Promise<void> {
    if (!error || call.reply.over) return;
    if (!call.miss) {
      call.drop(error);
      return call.reply.fail(error);
    }
    this.#persister.deck.misses.push(call.miss);
    await answerMiss(call, call.miss);
  }
}
