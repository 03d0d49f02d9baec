import type { Recording } from '../recording.ts';
import type { Call } from './call.ts';
import type { CassetteMiss } from './missed.ts';

/** What Polly's calls are answered from and recorded to, as its adapter and its persister see it. */
export interface CallDeck {
  /** Requests that got no answer but an error that says why. */
  readonly misses: CassetteMiss[];
  /** Cuts the bytes of an answer into other reads than the recorded ones; absent: those. */
  readonly split?: ((bytes: Uint8Array) => Iterable<Uint8Array>) | undefined;
  /** The recording of a call; undefined: there is none, and the call has been told why (`call.miss`). */
  find(call: Call): Promise<Recording | undefined>;
  /** Sends a call on, and records what becomes of it. */
  record(call: Call): Promise<void>;
  /** Nothing more is asked. */
  finish(): Promise<unknown>;
}
