import type { WrittenHead } from '../../../src/respond/http.ts';
import type { UpstreamRequest } from '../../../src/upstream/client.ts';
import type { Fault } from './kit.ts';

/** What is wrapped around the real steps of the proxy. */
export interface PlantedProxy {
  /** Of a request on its way upstream. */
  up?: (request: UpstreamRequest) => UpstreamRequest;
  /** How often it is sent. */
  times?: number;
  /** Around the reads from upstream. */
  read?: (chunk: Buffer) => Buffer | undefined;
  /** Of the head that the client gets. */
  head?: (head: Pick<WrittenHead, 'status' | 'headers'>) => Pick<WrittenHead, 'status' | 'headers'>;
  /** Where requests go. */
  route?: (path: string) => string;
  /** The headers with a key of the proxy's own, from the client's. */
  credentials?: (replaced: string[], client: readonly string[]) => string[];
  /** Writes text to the client. */
  text?: (text: string) => Buffer;
  /** A response that breaks off is ended instead. */
  endsBroken?: boolean;
  seed?: string;
}

export interface ProxyFault extends Fault {
  cassette: 'hard' | 'passed' | 'query' | 'limited' | 'keyed' | 'broken';
  planted: PlantedProxy;
}

function without(headers: readonly string[], name: string): string[] {
  return headers.filter((_, i) => headers[i - (i % 2)]!.toLowerCase() !== name);
}

function replaced(headers: readonly string[], name: string, value: string): string[] {
  return headers.map((text, i) => (i % 2 === 1 && headers[i - 1]!.toLowerCase() === name ? value : text));
}

const withHeaders = (change: (headers: readonly string[]) => string[]): PlantedProxy => ({
  up: (request) => ({ ...request, headers: change(request.headers) }),
});

const answered = (change: (headers: readonly string[]) => string[]): PlantedProxy => ({
  head: (head) => ({ ...head, headers: change(head.headers) }),
});

/** Faults of the proxy that only show when the whole of it runs. */
export const PROXY_FAULTS: readonly ProxyFault[] = [
  {
    name: 'a header that is dropped on the way up',
    cassette: 'passed',
    planted: withHeaders((headers) => without(headers, 'session-id')),
    check: 'proxy.request',
    says: /upstream-request: header session-id is missing/,
  },
  {
    name: 'a header of its own on the way up',
    cassette: 'passed',
    planted: withHeaders((headers) => [...headers, 'via', '1.1 tapedeck']),
    check: 'proxy.request',
    says: /header via is one too many/,
  },
  {
    name: 'header names in lower case',
    cassette: 'query',
    planted: withHeaders((headers) => headers.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text))),
    check: 'proxy.request',
    says: /header X-Case is written x-case/,
  },
  {
    name: 'a client header that is joined with another of its name',
    cassette: 'query',
    planted: withHeaders((headers) => [...without(headers, 'x-twice'), 'X-Twice', '1, 2']),
    check: 'proxy.request',
    says: /header X-Twice has another value/,
  },
  {
    name: 'a wrong path upstream',
    cassette: 'passed',
    planted: { route: (path) => path.replace('/v1', '') },
    check: 'proxy.request',
    says: /the URL is \S+\d\/responses and should be \S+\/v1\/responses/,
  },
  {
    name: 'the path of another endpoint',
    cassette: 'passed',
    planted: { route: (path) => path.replace('responses', 'completions') },
    check: 'proxy.response',
    says: /upstream there is no answer to POST/,
  },
  {
    name: 'a lost query',
    cassette: 'query',
    planted: { route: (path) => path.replace(/\?.*/, '') },
    check: 'proxy.request',
    says: /the URL is \S+\/models and should be \S+\?limit=1/,
  },
  {
    name: 'another method upstream',
    cassette: 'passed',
    planted: { up: (request) => ({ ...request, method: 'PUT' }) },
    check: 'proxy.request',
    says: /the method is PUT and should be POST/,
  },
  {
    name: 'a body that is parsed and written again',
    cassette: 'passed',
    planted: {
      up: (request) => ({
        ...request,
        body: Buffer.from(JSON.stringify(JSON.parse(String(request.body)), null, 1)),
        headers: without(request.headers, 'content-length'),
      }),
    },
    check: 'proxy.request',
    says: /the same JSON, written in another way at byte 1/,
  },
  {
    name: 'a body without its end',
    cassette: 'passed',
    planted: {
      up: (request) => ({
        ...request,
        body: (request.body as Buffer).subarray(0, -2),
        headers: without(request.headers, 'content-length'),
      }),
    },
    check: 'proxy.request',
    says: /upstream-request: differs from byte \d+ on/,
  },
  {
    name: 'a request that is sent twice',
    cassette: 'passed',
    planted: { times: 2 },
    check: 'proxy.request',
    says: /POST \S+\/responses was sent, which nobody recorded/,
  },
  {
    name: 'a coding that the translated body does not have',
    cassette: 'hard',
    planted: withHeaders((headers) => [...headers, 'content-encoding', 'zstd']),
    check: 'proxy.request',
    says: /header content-encoding is one too many/,
  },
  {
    name: 'a translated request that asks for another type',
    cassette: 'hard',
    planted: withHeaders((headers) => replaced(headers, 'accept', 'application/json')),
    check: 'proxy.request',
    says: /header accept has another value/,
  },
  {
    name: "the client's key in the place of the proxy's own",
    cassette: 'keyed',
    planted: { credentials: (_, client) => [...client] },
    check: 'proxy.request',
    says: /header (?:authorization|chatgpt-account-id) .*/i,
  },
  {
    name: "the client's account beside the proxy's own key",
    cassette: 'keyed',
    planted: { credentials: (own, client) => [...own, 'ChatGPT-Account-Id', client.at(-1)!] },
    check: 'proxy.request',
    says: /header ChatGPT-Account-Id is one too many/,
  },
  {
    name: 'a status that is changed',
    cassette: 'limited',
    planted: { head: (head) => ({ ...head, status: 500 }) },
    check: 'proxy.response',
    says: /the status is 500 and should be 429/,
  },
  {
    name: 'a time to wait that is dropped',
    cassette: 'limited',
    planted: answered((headers) => without(headers, 'retry-after')),
    check: 'proxy.response',
    says: /header retry-after is missing/,
  },
  {
    name: 'a loss that is given another weight',
    cassette: 'hard',
    planted: answered((headers) =>
      headers.map((text) =>
        text.replace(/^hint=(\d+), semantic=(\d+)$/, (_, a, b) => `hint=${a - 1}, semantic=${+b + 1}`),
      ),
    ),
    check: 'proxy.response',
    says: /header x-tapedeck-losses has another value/,
  },
  {
    name: 'a loss that is not counted',
    cassette: 'hard',
    planted: answered((headers) => headers.map((text) => text.replace(/^hint=(\d+)/, (_, a) => `hint=${a - 1}`))),
    check: 'proxy.response',
    says: /header x-tapedeck-losses has another value/,
  },
  {
    name: 'a type that is dropped',
    cassette: 'passed',
    planted: answered((headers) => without(headers, 'content-type')),
    check: 'proxy.response',
    says: /header content-type is missing/,
  },
  {
    name: 'a coding that the answer does not have',
    cassette: 'passed',
    planted: answered((headers) => [...headers, 'content-encoding', 'br']),
    check: 'proxy.response',
    says: /header content-encoding is one too many/,
  },
  {
    name: 'a field that stands for two',
    cassette: 'query',
    planted: answered((headers) => [...without(headers, 'x-two'), 'X-Two', 'a, b']),
    check: 'proxy.response',
    says: /header X-Two stands in another place/,
  },
  {
    name: 'the last read of a stream that is lost',
    cassette: 'passed',
    planted: { read: (chunk) => (chunk.includes('response.completed') ? undefined : chunk) },
    check: 'proxy.response',
    says: /event \d+ \(response\.completed\) is missing/,
  },
  {
    name: 'reads that are cut at a size',
    cassette: 'passed',
    planted: { read: (chunk) => chunk.subarray(0, 2048) },
    check: 'proxy.response',
    says: /client-response, split whole: /,
  },
  {
    name: 'reads of one byte that are lost',
    cassette: 'passed',
    planted: { read: (chunk) => (chunk.length === 1 ? undefined : chunk) },
    check: 'proxy.response',
    says: /client-response, split byte by byte: /,
  },
  {
    name: 'reads of one byte that are lost before they are translated',
    cassette: 'hard',
    planted: { read: (chunk) => (chunk.length === 1 && chunk[0]! > 0x7f ? undefined : chunk) },
    check: 'proxy.response',
    says: /client-response, split byte by byte: event \d+/,
  },
  {
    name: 'text that is written as latin1',
    cassette: 'hard',
    planted: { text: (text) => Buffer.from(text, 'latin1') },
    check: 'proxy.response',
    says: /client-response: event \d+ \(.*\) differs/,
  },
  {
    name: 'an answer that broke off, ended as if it were whole',
    cassette: 'broken',
    planted: { endsBroken: true },
    check: 'proxy.response',
    says: /the end of the message is complete and should be broken off/,
  },
  {
    name: 'ids that come from somewhere else than the seed',
    cassette: 'hard',
    planted: { seed: '1-0123456789abcdef' },
    check: 'proxy.response',
    says: /event 1 \(response\.created\) differs at \/response\//,
  },
];
