import type { AttemptTap, ExchangeStart, ExchangeTap, MessageTap, Recorder, ResponseHead } from '../../cassette/tap.ts';
import { concatBytes } from '../../util/bytes.ts';
import { beginSide, type Observed } from '../harness/observed.ts';
import { isUpgrade } from './lost.ts';

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

/** Of what is behind it, the head of the answer alone. */
function watchAttempt(onHead: (head: ResponseHead) => void): AttemptTap {
  return {
    request: () => NO_MESSAGE,
    informational() {},
    response(_ms, head) {
      onHead(head);
      return NO_MESSAGE;
    },
    close() {},
  };
}

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
  let answered: ResponseHead | undefined;
  const tap: ExchangeTap = {
    clientRequest: {
      data: (_ms, chunk) => void sent.push(chunk),
      end() {
        observed.requestBody = concatBytes(sent);
      },
    },
    attempt: () =>
      watchAttempt((head) => {
        answered = head;
      }),
    informational() {},
    clientResponse(ms, head) {
      observed.headMs = ms;
      observed.response = head;
      return { data: (at, chunk) => void observed.chunks.push([at, chunk]), end() {} };
    },
    losses() {},
    webSocketClose() {},
    close(outcome, end) {
      // The tap refuses with 426 whatever it was refused with; what the gateway said is what is to be judged.
      if (answered && isUpgrade(observed)) {
        observed.response = answered;
        observed.chunks = [];
      }
      observed.outcome = outcome;
      observed.end = end;
    },
  };
  return { tap, observed };
}
