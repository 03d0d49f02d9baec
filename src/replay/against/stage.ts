import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RecordedExchange } from '../../cassette/legs.ts';
import { READY_PATH } from '../../conformance/launch.ts';
import { errorText } from '../../protocols/errors.ts';
import { endsExchange } from '../../protocols/responses/socket.ts';
import { classify } from '../../route/endpoints.ts';
import { planAnswer } from '../answer.ts';
import { listen } from '../listen.ts';
import { matchRequest, readBody } from '../live-request.ts';
import { type MessageAnswer, planMessages } from '../message-answer.ts';
import { paceOf, playAnswer, type Speed, signalOfClose } from '../player.ts';
import { type Recording, recordingsOf, requestOf, upgradeOf } from '../recording.ts';
import { type MatchRequest, routeOf, SOCKET_METHOD, type TargetBase } from '../request.ts';
import { createSocketPlayer } from '../socket-player.ts';

/** What the gateway asked its upstream for while an exchange ran. */
export interface UpstreamCall {
  request: MatchRequest;
  /** Attempt whose recorded answer it got; undefined: there is none of its method and path. */
  attempt: number | undefined;
  /** The attempt was asked for before: its answer was given again. */
  again: boolean;
}

/** An exchange of a cassette, and the cassette around it. */
export interface Scene {
  exchange: RecordedExchange;
  /** Looks in all of the cassette for what a gateway asks on its own account, such as the list of models. */
  findElsewhere(asked: MatchRequest): Promise<Recording | undefined>;
  /** Base URL of the recorded upstream. */
  base: TargetBase | undefined;
}

/** The recorded upstream, one exchange after the other. */
export interface Stage {
  /** Base URL for the gateway: `http://HOST:PORT/v1`. */
  readonly url: string;
  readonly port: number;
  /** Recorded answers that were given. */
  readonly served: number;
  /** From now on this exchange is played. Gives the calls of it as they come. */
  play(scene: Scene): readonly UpstreamCall[];
  /** What went wrong here, in place of an answer: a cassette that changed, or a bug. */
  readonly failure: unknown;
  close(): Promise<void>;
}

/** Node's own limit is 16 KiB; the metadata headers of Codex and of gateways need more. */
const HEAD_BYTES = 64 * 1024;

/** Asking for these changes nothing (RFC 9110 section 9.2.1), so a gateway may do so whenever it likes. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * What a call without a recording is answered with: the one status that clients and gateways take as final, so that nobody waits for
 * a better answer.
 */
const UNKNOWN_STATUS = 400;

/**
 * Serves the upstream legs of one exchange at a time. Unlike a player it does not look for what the request says: whoever asks for the
 * method and path of a recorded attempt gets its answer, in recorded order, so that a request which differs can be told from an answer
 * that does. Rejects with the socket's error when it cannot listen.
 */
export async function startStage(options: { host: string; port: number; speed: Speed }): Promise<Stage> {
  const closing = new AbortController();
  const server = createServer({ maxHeaderSize: HEAD_BYTES, noDelay: true, requestTimeout: 0 });
  let scene: Scene | undefined;
  let calls: UpstreamCall[] = [];
  let served = 0;
  let failure: unknown;

  const serve = async (request: IncomingMessage, response: ServerResponse, body: Uint8Array): Promise<void> => {
    const started = performance.now();
    const asked = await matchRequest(request, body, undefined);
    const found = await find(asked);
    if (!found) return answerUnknown(request, response);
    served += 1;
    const gone = AbortSignal.any([closing.signal, signalOfClose(response)]);
    await playAnswer(planAnswer(found), response, paceOf(options.speed, started, gone), gone);
  };

  const find = async (asked: MatchRequest): Promise<Recording | undefined> => {
    if (!scene) return undefined;
    const { exchange, base } = scene;
    const route = routeOf(asked, base);
    const here = recordingsOf(exchange, 'upstream').filter((one) => routeOfRecording(one, base) === route);
    if (here.length === 0 && SAFE_METHODS.has(asked.method)) return scene.findElsewhere(asked);
    const known = new Set(calls.map(({ attempt }) => attempt));
    const next = here.find(({ attempt }) => !known.has(attempt));
    const recording = next ?? here.at(-1);
    calls.push({ request: asked, attempt: recording?.attempt, again: recording !== undefined && next === undefined });
    return recording;
  };

  const answer = (request: IncomingMessage, response: ServerResponse, body: Promise<Uint8Array | undefined>): void => {
    body
      // Over the limit a body is nobody's recorded one: it is compared as none.
      .then((bytes) => serve(request, response, bytes ?? new Uint8Array()))
      .catch((error: unknown) => {
        // Whoever goes away ends a request or an answer early.
        if (!closing.signal.aborted && !request.destroyed && !response.destroyed) failure ??= error;
        response.destroy();
      });
  };

  /** The recordings of this exchange that went over a WebSocket (or, `refused`, asked for one in vain) to this target. */
  const upgradesAt = (target: string, kind: 'accepted' | 'refused'): Recording[] => {
    if (!scene) return [];
    const { exchange, base } = scene;
    const path = (url: string) => routeOf({ method: 'GET', target: url, body: undefined }, base);
    return recordingsOf(exchange, 'upstream').filter(
      (one) => upgradeOf(one) === kind && path(one.entry.request.url) === path(target),
    );
  };

  const sockets = createSocketPlayer({
    closing: closing.signal,
    forward: undefined,
    pace: (started, gone) => paceOf(options.speed, started, AbortSignal.any([closing.signal, gone])),
    upgrade(target) {
      const [accepted] = upgradesAt(target, 'accepted');
      return accepted && { accepted: Promise.resolve(accepted) };
    },
    async find(target, body) {
      const found = await find({ method: SOCKET_METHOD, target, body });
      if (!found) return { miss: unknownText(SOCKET_METHOD, target) };
      served += 1;
      return endingMessages(found);
    },
    failed(_target, error) {
      failure ??= error;
    },
  });

  server.on('request', (request, response) => answer(request, response, readBody(request)));
  server.on('upgrade', (request, transport: Socket, first) => {
    transport.on('error', () => transport.destroy());
    if (upgradesAt(request.url ?? '/', 'refused').length === 0) return sockets.upgrade(request, transport, first);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(transport);
    response.once('finish', () => transport.end());
    answer(request, response, Promise.resolve(undefined));
  });
  const { url, port } = await listen(server, options.host, options.port);
  return {
    url,
    port,
    get served() {
      return served;
    },
    get failure() {
      return failure;
    },
    play(next) {
      scene = next;
      calls = [];
      return calls;
    },
    async close() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function routeOfRecording(recording: Recording, base: TargetBase | undefined): string | undefined {
  const request = requestOf(recording);
  return request && routeOf(request, base);
}

function answerUnknown(request: IncomingMessage, response: ServerResponse): void {
  const { method = '', url = '' } = request;
  const isProbe = url.endsWith(READY_PATH);
  const status = isProbe || SAFE_METHODS.has(method) ? 404 : UNKNOWN_STATUS;
  const message = unknownText(method, url);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(errorText(classify(method, url).protocol, { status, code: 'cassette_miss', message }));
}

function unknownText(method: string, target: string): string {
  return `Tapedeck: the recorded upstream was not asked for ${method} ${target} here.`;
}

/**
 * The messages of a recording, with an end of the connection where they do not come to one themselves: its client, who had left
 * before, waits for one now.
 */
function endingMessages(recording: Recording): MessageAnswer {
  const { messages, close } = planMessages(recording);
  const isEnded = messages.some(({ data, binary }) => !binary && endsExchange(data));
  return { messages, close: close ?? (isEnded ? undefined : { code: 1001, reason: 'the recording ends here' }) };
}
