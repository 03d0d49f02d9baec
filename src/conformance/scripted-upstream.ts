import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeBody } from '../decode/body.ts';
import { LIMITS } from '../decode/limits.ts';
import { classify, type Endpoint } from '../route/endpoints.ts';
import { concatBytes } from '../util/bytes.ts';
import { headerValue } from '../util/headers.ts';
import { listenError } from '../util/listen-error.ts';
import type { Protocol } from '../util/types.ts';
import { readJson } from './json-object.ts';
import { defaultAnswer, problem } from './provider/default-answer.ts';
import { type AnswerWatch, giveAnswer } from './provider/give-answer.ts';
import { createMint } from './provider/mint.ts';
import { modelAt } from './provider/models.ts';
import { responsesEvents } from './provider/responses.ts';
import type { ScriptStep } from './script.ts';
import { type Answer, createScriptReader, type ReceivedRequest } from './script.ts';
import { serveUpgrades, type WebSocketMode } from './scripted-websocket.ts';

export interface ScriptedUpstreamOptions {
  /** 0 or absent: a free one. */
  port?: number;
  host?: string;
  /** Without a script every request gets the default answer. */
  script?: readonly ScriptStep[];
  /** Where ids and times come from; the same seed and requests give the same bytes. */
  seed?: string;
  /** The protocols that it speaks; requests of others get 404. All of them when absent. */
  speaks?: readonly Protocol[];
  /** What is done with WebSocket upgrades; `refuse` when absent. */
  websocket?: WebSocketMode;
  /** Asked before the script and before everything else. */
  attend?(request: ReceivedRequest): Attended | undefined;
  /** Keeps no request, where all that is asked of it takes more memory than there is. */
  forget?: true;
}

/** An answer, and who wants to see it written. */
export interface Attended {
  answer: Answer;
  watch?: AnswerWatch;
}

/** A provider that says what a script tells it to, and keeps what it was asked. */
export interface ScriptedUpstream {
  /** Base URL: `http://HOST:PORT/v1`. */
  url: string;
  port: number;
  /** Every request so far, in the order in which they were complete; over WebSocket those that generate something. None when it is to forget them. */
  requests: readonly ReceivedRequest[];
  /** Targets of the WebSocket upgrades so far, whatever became of them. */
  upgrades: readonly string[];
  /** Ends every connection and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts the scripted upstream: Responses, Chat Completions, Messages and the model list, on loopback unless `host` says otherwise.
 * With a script, a request that no step answers gets 400, on which no client tries again; `/models` and `/models/ID` are always answered.
 * Throws `port-unavailable`.
 */
export async function startScriptedUpstream(options: ScriptedUpstreamOptions = {}): Promise<ScriptedUpstream> {
  const requests: ReceivedRequest[] = [];
  const counts = new Map<Endpoint, number>();
  let all = 0;
  const upgrades: string[] = [];
  const mint = createMint(options.seed ?? 'tapedeck');
  const nextStep = options.script && createScriptReader(options.script);

  const count = (received: Omit<ReceivedRequest, 'n' | 'nth'>): ReceivedRequest => {
    const nth = (counts.get(received.endpoint) ?? 0) + 1;
    counts.set(received.endpoint, nth);
    const request = { ...received, n: ++all, nth };
    if (!options.forget) requests.push(request);
    return request;
  };
  const answerTo = (request: ReceivedRequest): Answer => attend(request).answer;
  const attend = (request: ReceivedRequest): Attended =>
    options.attend?.(request) ?? { answer: scriptedAnswer(request) };
  const scriptedAnswer = (request: ReceivedRequest): Answer => {
    if (options.speaks && request.protocol && !options.speaks.includes(request.protocol))
      return problem(request, 404, 'not_found', `Nothing answers ${request.method} ${request.url}.`);
    const context = { mint, model: String(request.json?.model ?? 'tapedeck-scripted') };
    // A body that cannot be decoded is refused as a provider would, whatever the script says.
    if (!nextStep || request.problem) return defaultAnswer(request, context);
    const step = nextStep(request);
    if (step) return typeof step.answer === 'function' ? step.answer(request, context) : step.answer;
    if (asksForModels(request)) return defaultAnswer(request, context);
    return problem(request, 400, 'script_over', `The script has no answer for request ${request.n}, ${request.url}.`);
  };
  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const { answer, watch } = attend(count(await readRequest(incoming)));
    await giveAnswer(answer, response, watch);
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
    // A client that goes away in the middle is its own affair; the connection is of no more use.
    serve(incoming, response).catch(() => response.destroy());
  });
  const endSockets = serveUpgrades(server, {
    mode: options.websocket ?? 'refuse',
    answer: (request) => answerTo(count(request)),
    prewarm: (model) => responsesEvents({ items: [] }, model, mint),
    onUpgrade: (target) => upgrades.push(target),
  });
  const host = options.host ?? '127.0.0.1';
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(listenError(cause, host, options.port ?? 0, { port: '--upstream-port', host: '--upstream-host' })),
    );
    server.listen(options.port ?? 0, host, () => resolve((server.address() as AddressInfo).port));
  });
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/v1`,
    port,
    requests,
    upgrades,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        endSockets();
      }),
  };
}

function asksForModels({ endpoint, method, url }: ReceivedRequest): boolean {
  return endpoint === 'models' || modelAt(method, url) !== undefined;
}

async function readRequest(incoming: IncomingMessage): Promise<Omit<ReceivedRequest, 'n' | 'nth'>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const raw = concatBytes(chunks);
  const method = incoming.method ?? 'GET';
  const url = incoming.url ?? '/';
  const result = await decodeBody(raw, headerValue(incoming.rawHeaders, 'content-encoding'), LIMITS.request);
  const decoded = result.ok ? result.bytes : undefined;
  return {
    ...classify(method, url),
    method,
    url,
    headers: incoming.rawHeaders,
    raw,
    decoded,
    ...(result.ok ? {} : { problem: result.problem }),
    json: decoded && readJson(decoded),
  };
}
