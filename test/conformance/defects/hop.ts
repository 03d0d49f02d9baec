import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { carryUpgrades, type UpgradeHooks } from './socket-hop.ts';

/** A request on its way through a hop. */
export interface HopRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Buffer;
  /** The body as JSON; undefined when it is none. */
  json: Json | undefined;
}

export interface HopAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export type Json = Record<string, unknown>;

/** What a hop does to what goes through it. Without hooks it changes nothing. */
export interface Hooks {
  /** Changes the request in place; an answer that it gives is given without asking further. */
  request?(request: HopRequest): HopAnswer | undefined;
  /** Changes status and headers of the answer in place. */
  head?(head: { status: number; headers: Record<string, string> }, request: HopRequest): void;
  /** One event of a stream, as its text without the blank line: what is written instead, undefined for nothing. */
  event?(text: string, index: number): string | undefined;
  /** The whole body of an answer that is no stream. */
  body?(text: string, head: { status: number }): string;
  /** The head of a stream is given with its first event. */
  lateHead?: boolean;
  /** The connection is closed after an answer with this status, and nothing says so. */
  closeAfter?: number;
  /** Everything of a stream is given out at its end. */
  holdStream?: boolean;
  /** Written again and again until the provider's stream is over. */
  keepAlive?: { text: string; ms: number };
  /** How the end of the stream is given on: `clean` although it broke, `never`, or more text before it. */
  end?: 'clean-although-broken' | { append: string };
  /** Asks once more, as many times, when the answer has this status. */
  retry?: { status: number; times: number };
  /** A request waits until the answer to the one before it is over. */
  oneAtATime?: boolean;
  /** What is done to WebSockets. */
  upgrade?: UpgradeHooks;
  /** Goes on reading the answer when the client has gone. */
  ignoreAbort?: boolean;
}

export interface Hop {
  url: string;
  close(): Promise<void>;
}

/** Starts a hop before the server at `target`, a base URL that ends in /v1. */
export async function startHop(target: string, hooks: Hooks): Promise<Hop> {
  let before = Promise.resolve();
  const server = createServer((incoming, response) => {
    const begin = () => serve(incoming, response, new URL(target), hooks).catch(() => void response.destroy());
    if (hooks.oneAtATime) before = before.then(begin);
    else void begin();
  });
  const endSockets = carryUpgrades(server, new URL(target), hooks.upgrade ?? {});
  // A socket that the other side resets is an event of its own.
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        endSockets();
        server.closeAllConnections();
      }),
  };
}

async function serve(incoming: IncomingMessage, response: ServerResponse, target: URL, hooks: Hooks): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const headers = { ...(incoming.headers as Record<string, string>), host: target.host };
  const request: HopRequest = { method: incoming.method!, url: incoming.url!, headers, body, json: jsonOf(body) };
  const before = JSON.stringify(request.json);
  const own = hooks.request?.(request);
  if (own) {
    response.writeHead(own.status, own.headers).end(own.body);
    return;
  }
  if (JSON.stringify(request.json) !== before) {
    request.body = Buffer.from(JSON.stringify(request.json));
    delete request.headers['transfer-encoding'];
    delete request.headers['content-encoding'];
  }
  if (request.headers['transfer-encoding'] === undefined && request.body.length > 0)
    request.headers['content-length'] = String(request.body.length);
  let left = hooks.retry?.times ?? 0;
  let answer = await ask(request, target, response, hooks);
  while (answer && hooks.retry?.status === answer.statusCode && left-- > 0) {
    answer.resume();
    answer = await ask(request, target, response, hooks);
  }
  if (!answer) response.socket?.resetAndDestroy();
  else await give(answer, response, request, hooks);
}

function ask(
  request: HopRequest,
  target: URL,
  response: ServerResponse,
  hooks: Hooks,
): Promise<IncomingMessage | undefined> {
  const { method, url, headers } = request;
  return new Promise((resolve) => {
    const outgoing = requestHttp({ host: target.hostname, port: target.port, method, path: url, headers });
    outgoing.on('response', resolve);
    outgoing.on('error', () => resolve(undefined));
    if (!hooks.ignoreAbort) response.on('close', () => response.writableFinished || outgoing.destroy());
    outgoing.end(request.body);
  });
}

async function give(
  answer: IncomingMessage,
  response: ServerResponse,
  request: HopRequest,
  hooks: Hooks,
): Promise<void> {
  const head = { status: answer.statusCode ?? 502, headers: { ...answer.headers } as Record<string, string> };
  hooks.head?.(head, request);
  const streamed = /event-stream/.test(answer.headers['content-type'] ?? '');
  const changed = streamed
    ? hooks.event || hooks.end || hooks.holdStream || hooks.keepAlive || hooks.lateHead
    : hooks.body;
  if (changed) delete head.headers['content-length'];
  const begin = () => {
    response.writeHead(head.status, head.headers);
    response.flushHeaders();
  };
  if (!changed) {
    begin();
    answer.on('data', (chunk) => response.write(chunk));
  } else if (streamed) giveEvents(answer, response, hooks, begin);
  else {
    const text = await textOf(answer);
    begin();
    response.end(hooks.body!(text, head));
    return;
  }
  await new Promise<void>((resolve) => {
    answer.on('end', resolve);
    answer.on('close', resolve);
    answer.on('error', () => resolve());
  });
  const { socket } = response;
  if (hooks.closeAfter === answer.statusCode) response.once('finish', () => setImmediate(() => socket?.destroySoon()));
  if (answer.complete || hooks.end === 'clean-although-broken') response.end();
  else response.socket?.resetAndDestroy();
}

function giveEvents(answer: IncomingMessage, response: ServerResponse, hooks: Hooks, begin: () => void): void {
  let rest = '';
  let index = 0;
  const held: string[] = [];
  const write = (text: string) => (hooks.holdStream ? held.push(text) : response.write(text));
  if (!hooks.lateHead) begin();
  const { text: ping = '', ms } = hooks.keepAlive ?? {};
  const timer = ms === undefined ? undefined : setInterval(() => response.write(ping), ms);
  answer.on('close', () => clearInterval(timer));
  answer.setEncoding('utf8');
  answer.on('data', (chunk: string) => {
    rest += chunk;
    for (let at = rest.indexOf('\n\n'); at >= 0; at = rest.indexOf('\n\n')) {
      const text = rest.slice(0, at);
      rest = rest.slice(at + 2);
      const said = hooks.event ? hooks.event(text, index++) : text;
      if (!response.headersSent) begin();
      if (said !== undefined) write(`${said}\n\n`);
    }
  });
  answer.on('end', () => {
    if (!response.headersSent) begin();
    if (typeof hooks.end === 'object') write(hooks.end.append);
    for (const text of held) response.write(text);
    const said = rest && hooks.event ? hooks.event(rest, index) : rest;
    if (said) response.write(said);
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function jsonOf(body: Buffer): Json | undefined {
  try {
    return JSON.parse(body.toString()) as Json;
  } catch {
    return undefined;
  }
}
