import type { EntryEnd, WebSocketClose } from '../../src/cassette/format.ts';
import type {
  ExchangeStart,
  InterimHead,
  MessageTap,
  Recorder,
  RequestHead,
  ResponseHead,
} from '../../src/cassette/tap.ts';
import type { Outcome } from '../../src/util/types.ts';

/** A message as the proxy told it. */
export interface SeenMessage {
  head: RequestHead | ResponseHead;
  body: Buffer;
  chunks: number;
  /** One a call of `data`: of a WebSocket the messages. */
  data: { bytes: Buffer; binary: boolean }[];
  end: EntryEnd | undefined;
}

export interface SeenExchange {
  start: ExchangeStart;
  clientRequest: SeenMessage;
  attempts: { request?: SeenMessage; informational?: InterimHead[]; response?: SeenMessage; outcome?: Outcome }[];
  /** Of the client side. */
  informational: InterimHead[];
  clientResponse?: SeenMessage;
  outcome?: Outcome;
  end?: EntryEnd;
  webSocketClose?: WebSocketClose;
}

/** A recorder that keeps everything in memory, for tests of what the proxy taps. */
export function memoryRecorder(): Recorder & {
  exchanges: SeenExchange[];
  closed(index: number): Promise<SeenExchange>;
} {
  const exchanges: SeenExchange[] = [];
  const waiting: { index: number; resolve: (exchange: SeenExchange) => void }[] = [];
  const message = (head: RequestHead | ResponseHead): [SeenMessage, MessageTap] => {
    const seen: SeenMessage = { head, body: Buffer.alloc(0), chunks: 0, data: [], end: undefined };
    const tap: MessageTap = {
      data(_ms, chunk, binary = false) {
        seen.data.push({ bytes: Buffer.from(chunk), binary });
        seen.body = Buffer.concat([seen.body, chunk]);
        seen.chunks += 1;
      },
      end(end) {
        seen.end ??= end;
      },
    };
    return [seen, tap];
  };
  return {
    exchanges,
    closed(index) {
      const exchange = exchanges[index];
      if (exchange?.outcome) return Promise.resolve(exchange);
      return new Promise((resolve) => waiting.push({ index, resolve }));
    },
    room: () => undefined,
    open(start) {
      const [clientRequest, tap] = message(start.request);
      const exchange: SeenExchange = { start, clientRequest, attempts: [], informational: [] };
      const index = exchanges.push(exchange) - 1;
      return {
        clientRequest: tap,
        attempt() {
          const attempt: SeenExchange['attempts'][number] = {};
          exchange.attempts.push(attempt);
          return {
            request(_ms, head) {
              const [seen, requestTap] = message(head);
              attempt.request = seen;
              return requestTap;
            },
            informational(_ms, head) {
              attempt.informational ??= [];
              attempt.informational.push(head);
            },
            response(_ms, head) {
              const [seen, responseTap] = message(head);
              attempt.response = seen;
              return responseTap;
            },
            close(outcome) {
              attempt.outcome = outcome;
            },
          };
        },
        informational(_ms, head) {
          exchange.informational.push(head);
        },
        clientResponse(_ms, head) {
          const [seen, responseTap] = message(head);
          exchange.clientResponse = seen;
          return responseTap;
        },
        losses() {},
        webSocketClose(close) {
          exchange.webSocketClose = close;
        },
        close(outcome, end) {
          exchange.outcome = outcome;
          exchange.end = end;
          for (const waiter of waiting) if (waiter.index === index) waiter.resolve(exchange);
        },
      };
    },
    close: () => Promise.reject(new Error('a memory recorder writes nothing')),
  };
}
