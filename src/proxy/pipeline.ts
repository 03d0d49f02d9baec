import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EntryEnd } from '../cassette/format.ts';
import { errorText, type ProtocolProblem } from '../protocols/errors.ts';
import { breakOff, writtenHead } from '../respond/http.ts';
import { respondWhole } from '../respond/whole.ts';
import type { Upstream } from '../upstream/client.ts';
import { type Credentials, withCredentials } from '../upstream/credentials/api-key.ts';
import { dropHopByHop } from '../util/hop-by-hop.ts';
import type { Outcome } from '../util/types.ts';
import { VERSION } from '../util/version.ts';
import type { Exchange } from './exchange.ts';
import { PassedBody } from './passed-body.ts';
import { Relay } from './relay.ts';
import {
  announcedTooLarge,
  hasBody,
  readDecoded,
  takeIfWhole,
  tapRequestBody,
  unknownTransferCoding,
} from './request-body.ts';
import type { RequestBody } from './sent-body.ts';

/** What all exchanges of one proxy share. */
export interface PipelineSetup {
  upstream: Upstream;
  /** Replaces the client's credentials; undefined passes them through. */
  credentials: Credentials | undefined;
  /** `pass`: a coded request body goes up as it came. `decode`: its codings are undone first. */
  requestCoding: 'pass' | 'decode';
}

/** A running exchange, as the server holds it. */
export interface Running {
  /** Ends the exchange from our side. */
  stop(): void;
}

/** Fields that the next hop must not get from this client: undici writes its own `host`, and answers `expect` itself. */
const NOT_UPSTREAM = new Set(['host', 'expect']);
const NOT_UPSTREAM_DECODED = new Set(['host', 'expect', 'content-encoding', 'content-length']);

/**
 * Carries one exchange through the steps: body in (tapped, decoded where asked), head rewritten for the next hop, up, and
 * back down. `onEnd` is called exactly once.
 */
export function runExchange(
  setup: PipelineSetup,
  exchange: Exchange,
  request: IncomingMessage,
  response: ServerResponse,
  onEnd: (outcome: Outcome, end: EntryEnd) => void,
): Running {
  const { tap, clock } = exchange;
  let relay: Relay | undefined;
  let over = false;
  const finish = (outcome: Outcome, end: EntryEnd) => {
    if (over) return;
    over = true;
    tap?.close(outcome, end);
    onEnd(outcome, end);
  };
  const refuse = (problem: ProtocolProblem) => {
    if (over) return;
    const text = errorText(exchange.protocol, problem);
    respondWhole(response, problem.status, 'application/json', text, ['connection', 'close']);
    const answer = tap?.clientResponse(clock(), writtenHead(response), {
      name: 'tapedeck',
      version: VERSION,
      how: 'error',
    });
    answer?.data(clock(), Buffer.from(text));
    const end: EntryEnd = { by: 'tapedeck', how: 'complete', ms: clock(), detail: problem.message };
    answer?.end(end);
    finish('complete', end);
  };
  const send = (body: RequestBody) => {
    if (over) return;
    const decoded = body.kind === 'bytes' && body.decoded;
    let headers = dropHopByHop(exchange.headers, decoded ? NOT_UPSTREAM_DECODED : NOT_UPSTREAM);
    if (setup.credentials) headers = withCredentials(headers, setup.credentials, exchange.protocol);
    const content = body.kind === 'none' ? null : body.kind === 'bytes' ? body.bytes : new PassedBody(request);
    const { origin, path } = exchange.upstream;
    const message = { origin, path, method: exchange.method, headers, body: content };
    const again = (to: Relay) => setup.upstream.send({ ...message, fresh: true }, to);
    relay = new Relay(exchange, request, response, body, again, finish);
    setup.upstream.send(message, relay);
  };
  const stop = () => {
    if (relay) relay.stop();
    else {
      breakOff(response);
      finish('client-aborted', { by: 'tapedeck', how: 'closed', ms: clock(), detail: 'the proxy was stopped' });
    }
  };

  const problem = announcedTooLarge(request) ?? unknownTransferCoding(request);
  if (!hasBody(request)) {
    tap?.clientRequest.end({ by: 'client', how: 'complete', ms: clock() });
    send({ kind: 'none' });
    return { stop };
  }
  tapRequestBody(request, clock, tap?.clientRequest, (problem) => (relay ? relay.stop() : refuse(problem)));
  if (problem) refuse(problem);
  else if (setup.requestCoding === 'pass' || request.headers['content-encoding'] === undefined) {
    queueMicrotask(() => {
      const bytes = takeIfWhole(request);
      send(bytes ? { kind: 'bytes', bytes, decoded: false } : { kind: 'stream' });
    });
  } else {
    response.on('close', () => {
      if (!relay && !over) finish('client-aborted', { by: 'client', how: 'closed', ms: clock() });
    });
    readDecoded(request).then(
      (body) => (body.ok ? send({ kind: 'bytes', bytes: body.bytes, decoded: true }) : refuse(body.problem)),
      () => finish('client-aborted', { by: 'client', how: 'closed', ms: clock() }),
    );
  }
  return { stop };
}
