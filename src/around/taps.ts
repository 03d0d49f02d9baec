import type { AttemptTap, ExchangeTap, MessageTap, Recorder } from '../cassette/tap.ts';

/** The two taps of a recording around a gateway: both tell one recorder, so that order, clock and placeholders are those of one cassette. */
export interface AroundTaps {
  /** Between the client and the gateway. */
  front: Recorder;
  /** Between the gateway and the provider. */
  back: Recorder;
}

const SILENT: MessageTap = { data() {}, reads() {}, end() {} };

/** What the front tap sends up is what it got, so nothing is told of it: the upstream side is what the back tap sees. */
const NO_ATTEMPT: AttemptTap = { request: () => SILENT, informational() {}, response: () => SILENT, close() {} };

const NO_EXCHANGE: ExchangeTap = {
  clientRequest: SILENT,
  attempt: () => NO_ATTEMPT,
  informational() {},
  clientResponse: () => SILENT,
  losses() {},
  webSocketClose() {},
  close() {},
};

/**
 * @param gateway how it is called in `_producer`
 * @param isProbe whether a request is one of our own, which asks whether the gateway is ready
 */
export function createAroundTaps(
  recorder: Recorder,
  gateway: string,
  isProbe: (target: string) => boolean = () => false,
): AroundTaps {
  const producer = { name: gateway };
  const common = { room: () => recorder.room(), close: () => recorder.close() };
  return {
    front: {
      ...common,
      open(start) {
        const tap = recorder.open(start);
        return {
          clientRequest: tap.clientRequest,
          attempt: () => NO_ATTEMPT,
          informational: (ms, head) => tap.informational(ms, head),
          // An answer of the tap itself (nothing listens there) is no answer of the gateway.
          clientResponse: (ms, head, by) => tap.clientResponse(ms, head, by.how === 'error' ? by : producer),
          losses: (losses) => tap.losses(losses),
          webSocketClose: (close) => tap.webSocketClose(close),
          close: (outcome, end) => tap.close(outcome, end),
        };
      },
    },
    back: {
      ...common,
      open(start) {
        if (isProbe(start.request.url)) return NO_EXCHANGE;
        const tap = recorder.open(start);
        return {
          clientRequest: tap.clientRequest,
          attempt: () => gatewayAttempt(tap.attempt(), producer),
          informational: (ms, head) => tap.informational(ms, head),
          clientResponse: (ms, head, by) => tap.clientResponse(ms, head, by),
          losses: (losses) => tap.losses(losses),
          webSocketClose: (close) => tap.webSocketClose(close),
          close: (outcome, end) => tap.close(outcome, end),
        };
      },
    },
  };
}

function gatewayAttempt(attempt: AttemptTap, producer: { name: string }): AttemptTap {
  return {
    request: (ms, head, protocol) => attempt.request(ms, head, protocol, producer),
    informational: (ms, head) => attempt.informational(ms, head),
    response: (ms, head) => attempt.response(ms, head),
    close: (outcome, end) => attempt.close(outcome, end),
  };
}
