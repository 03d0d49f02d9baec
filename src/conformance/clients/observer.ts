import type { AttemptTap, ExchangeStart, ExchangeTap, MessageTap, Recorder } from '../../cassette/tap.ts';
import { concatBytes } from '../../util/bytes.ts';
import { beginSide, type Observed } from '../harness/observed.ts';

/** A recorder that keeps what clients sent and got in memory, and nothing of what is behind it. */
export interface Observer extends Recorder {
  /** In the order in which they began. */
  exchanges: readonly Observed[];
}

/** Everything that crosses the tap between a real client and the gateway. */
export function createObserver(): Observer {
  const exchanges: Observed[] = [];
  return {
    exchanges,
    room: () => undefined,
    open(start) {
      const { tap, observed } = observeExchange(start);
      exchanges.push(observed);
      return tap;
    },
    // Nothing is on a disk, so there is nothing to tell of it.
    close: async () => ({ path: '', exchanges: exchanges.length, outcomes: {}, bytes: 0, redacted: {} }),
  };
}

const NO_MESSAGE: MessageTap = { data() {}, end() {} };

/** What is behind it is for the gateway's own provider to see. */
const NO_ATTEMPT: AttemptTap = {
  request: () => NO_MESSAGE,
  informational() {},
  response: () => NO_MESSAGE,
  close() {},
};

function observeExchange({ startedAt, protocol, request, connection }: ExchangeStart): {
  tap: ExchangeTap;
  observed: Observed;
} {
  const observed: Observed = {
    ...beginSide(protocol, request, new Uint8Array()),
    startedAt,
    attempts: [],
    ...(connection === undefined ? {} : { connection }),
  };
  const sent: Uint8Array[] = [];
  const tap: ExchangeTap = {
    clientRequest: {
      data: (_ms, chunk) => void sent.push(chunk),
      end() {
        observed.requestBody = concatBytes(sent);
      },
    },
    attempt: () => NO_ATTEMPT,
    informational() {},
    clientResponse(ms, head) {
      observed.headMs = ms;
      observed.response = head;
      return { data: (at, chunk) => void observed.chunks.push([at, chunk]), end() {} };
    },
    losses() {},
    webSocketClose() {},
    close(outcome, end) {
      observed.outcome = outcome;
      observed.end = end;
    },
  };
  return { tap, observed };
}
