import type { ExchangeTap } from '../cassette/tap.ts';
import type { Endpoint } from '../route/endpoints.ts';
import type { Protocol, RawHeaders } from '../util/types.ts';

/** The value that flows through the pipeline: one client request and all that belongs to it. */
export interface Exchange {
  /** Unix milliseconds. */
  startedAt: number;
  /** Clock and id source for everything that is made up on the way: `<unix ms>-<16 hex>`. */
  seed: string;
  /** Milliseconds since `startedAt`, monotonic. */
  clock: () => number;
  endpoint: Endpoint;
  protocol: Protocol | null;
  method: string;
  /** Request target as it stood in the request line. */
  target: string;
  headers: RawHeaders;
  /** Where it goes. */
  upstream: { origin: string; path: string };
  /** Present while recording. */
  tap: ExchangeTap | undefined;
}
