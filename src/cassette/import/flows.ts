import { Buffer } from 'node:buffer';
import { TapedeckError } from '../../errors.ts';
import { headerValue } from '../../util/headers.ts';
import type { RawHeaders } from '../../util/types.ts';
import { toBase64 } from '../bytes-json.ts';
import type { WebSocketMessage } from '../format.ts';
import { bodyFromWire, missingBody, NO_BODY, statedLength } from './body.ts';
import type { ImportedBody, ImportedExchange, ImportedMessage, ImportSource, Lack } from './source.ts';
import { readTnetstrings, type Tnetstring } from './tnetstring.ts';

/**
 * Flow files of mitmproxy (`mitmdump -w FILE`), format 20 and 21 (mitmproxy 10 and 11): raw header lines, bodies as they
 * crossed the wire, and times; no reads. Flows are in the order they ended.
 */
const OLDEST_FORMAT = 20;

type Dictionary = { [key: string]: Tnetstring };

/** @param bytes the file @param path for messages @throws TapedeckError `input-invalid` */
export async function openFlows(bytes: Buffer, path: string): Promise<ImportSource> {
  const flows = readFlows(bytes, path);
  const http = flows.filter((flow) => text(flow.type) === 'http');
  http.sort((a, b) => startOf(a) - startOf(b));
  const others = flows.length - http.length;
  return {
    format: 'mitmproxy',
    title: 'a flow file of mitmproxy',
    gateway: { name: 'mitmproxy' },
    async *exchanges() {
      for (const [i, flow] of http.entries())
        yield await exchangeOf(flow, i === 0 && others > 0 ? ['other-flows'] : []);
    },
  };
}

function readFlows(bytes: Buffer, path: string): Dictionary[] {
  try {
    return [...readTnetstrings(bytes)].map((value) => {
      const flow = dictionary(value);
      const version = Number(flow.version ?? 0);
      if (version < OLDEST_FORMAT) throw new Error(`its flows have format ${version || 'unknown'}`);
      return flow;
    });
  } catch (error) {
    const message = `${path} is no flow file that can be read: ${(error as Error).message}.`;
    const hint =
      'Write it anew with mitmproxy 10 or newer (`mitmdump -nr OLD -w NEW`), or as HAR (`--set hardump=FILE`).';
    throw new TapedeckError('input-invalid', message, { hint, cause: error });
  }
}

async function exchangeOf(flow: Dictionary, extra: readonly Lack[]): Promise<ImportedExchange> {
  const request = dictionary(flow.request);
  const startedAt = startOf(flow);
  const since = (seconds: Tnetstring | undefined): number => Math.max(0, Number(seconds ?? 0) * 1000 - startedAt);
  const lacks = new Set<Lack>(['upstream-side', ...extra]);
  const message = text(dictionary(flow.error).msg);
  const exchange: ImportedExchange = {
    startedAt,
    ...(request.timestamp_end ? { sentMs: since(request.timestamp_end) } : {}),
    request: {
      ...(await messageOf(request, 'request-body', lacks)),
      method: text(request.method),
      url: urlOf(request),
    },
    ...(message === '' ? {} : { error: message }),
    lacks: [],
  };
  if (flow.response) await addResponse(exchange, dictionary(flow.response), since, lacks);
  else lacks.add('response');
  if (flow.websocket) addWebSocket(exchange, dictionary(flow.websocket));
  return { ...exchange, lacks: [...lacks] };
}

async function addResponse(
  exchange: ImportedExchange,
  response: Dictionary,
  since: (seconds: Tnetstring | undefined) => number,
  lacks: Set<Lack>,
): Promise<void> {
  const message = await messageOf(response, 'response-body', lacks);
  exchange.response = { ...message, status: Number(response.status_code), statusText: text(response.reason) };
  exchange.headMs = since(response.timestamp_start);
  exchange.endMs = since(response.timestamp_end ?? response.timestamp_start);
  if (exchange.error === undefined) exchange.end = { by: 'upstream', ms: exchange.endMs, how: 'complete' };
  if (/event-stream/i.test(headerValue(message.headers, 'content-type') ?? '')) lacks.add('chunk-times');
}

async function messageOf(message: Dictionary, lack: Lack, lacks: Set<Lack>): Promise<ImportedMessage> {
  const headers = headersOf(message.headers);
  const trailers = headersOf(message.trailers);
  const httpVersion = text(message.http_version);
  // HTTP/2 has no upper case in names (RFC 9113 section 8.2).
  if (/^HTTP\/[23]/.test(httpVersion)) lacks.add('header-case');
  return {
    httpVersion,
    headers,
    ...(trailers.length > 0 ? { trailers } : {}),
    body: await bodyOf(message.content, headers, lack, lacks),
  };
}

async function bodyOf(
  content: Tnetstring | undefined,
  headers: RawHeaders,
  lack: Lack,
  lacks: Set<Lack>,
): Promise<ImportedBody> {
  if (Buffer.isBuffer(content)) return bodyFromWire(content, headers);
  // `stream_large_bodies` and `--set stream=true` keep no body.
  if (statedLength(headers) === 0) return NO_BODY;
  lacks.add(lack);
  return missingBody(headers, statedLength(headers), 'mitmproxy kept nothing of it');
}

function addWebSocket(exchange: ImportedExchange, socket: Dictionary): void {
  const messages = Array.isArray(socket.messages) ? socket.messages : [];
  exchange.webSocketMessages = messages.map((message): WebSocketMessage => {
    const [opcode, fromClient, content, time] = message as [number, boolean, Buffer, number];
    const data = opcode === 1 ? content.toString('utf8') : toBase64(content);
    return { type: fromClient ? 'send' : 'receive', time, opcode, data };
  });
}

function startOf(flow: Dictionary): number {
  return Number(dictionary(flow.request).timestamp_start ?? flow.timestamp_created ?? 0) * 1000;
}

function urlOf(request: Dictionary): string {
  const scheme = text(request.scheme) || 'http';
  const port = Number(request.port);
  const usual = port === (scheme === 'https' ? 443 : 80);
  return `${scheme}://${text(request.host)}${usual ? '' : `:${port}`}${text(request.path)}`;
}

function headersOf(value: Tnetstring | undefined): string[] {
  if (!Array.isArray(value)) return [];
  // RFC 9110 section 5.5: bytes over 0x7f are opaque; latin1 keeps them.
  return value.flatMap((pair) => (pair as Buffer[]).map((part) => part.toString('latin1')));
}

function dictionary(value: Tnetstring | undefined): Dictionary {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value) ? value : {};
}

function text(value: Tnetstring | undefined): string {
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  return typeof value === 'string' ? value : '';
}
