import type { Entry } from '../../../src/cassette/format.ts';
import { type CassetteFault, CHAT, editRequest, MESSAGES, side, TEXT, ZSTD } from './kit.ts';

type Message = 'request' | 'response';

/** The header fields of a message, without their names' case. */
function fieldsOf(entries: Entry[], id: string, name: Entry['_side'], message: Message) {
  const { headers } = side(entries, id, name)[message];
  const place = (field: string) => {
    const at = headers.findIndex((one) => one.name.toLowerCase() === field);
    if (at < 0) throw new Error(`there is no ${field}`);
    return at;
  };
  return { headers, place };
}

function drop(entries: Entry[], name: Entry['_side'], message: Message, field: string, id = 'x1'): void {
  const { headers, place } = fieldsOf(entries, id, name, message);
  headers.splice(place(field), 1);
}

function change(entries: Entry[], name: Entry['_side'], message: Message, field: string, value: string): void {
  const { headers, place } = fieldsOf(entries, 'x1', name, message);
  headers[place(field)]!.value = value;
}

function add(entries: Entry[], name: Entry['_side'], message: Message, field: string, value: string): void {
  side(entries, 'x1', name)[message].headers.push({ name: field, value });
}

/** Faults of recordings that no translator shows, since they are about heads, framing, and what is sent where. */
export const PROXY_CASSETTE_FAULTS: readonly CassetteFault[] = [
  {
    name: 'a header that did not get upstream',
    cassette: TEXT,
    change: (entries) => drop(entries, 'upstream', 'request', 'session-id'),
    check: 'proxy.request',
    says: /upstream-request: header session-id is one too many/,
  },
  {
    name: 'a header that the client did not send',
    cassette: TEXT,
    change: (entries) => add(entries, 'upstream', 'request', 'x-forwarded-for', '127.0.0.1'),
    check: 'proxy.request',
    says: /upstream-request: header x-forwarded-for is missing/,
  },
  {
    name: 'headers in another order',
    cassette: TEXT,
    change: (entries) => {
      const { headers, place } = fieldsOf(entries, 'x1', 'upstream', 'request');
      headers.push(...headers.splice(place('originator'), 1));
    },
    check: 'proxy.request',
    says: /header user-agent stands in another place/,
  },
  {
    name: 'a header name in another case',
    cassette: TEXT,
    change: (entries) => {
      const { headers, place } = fieldsOf(entries, 'x1', 'upstream', 'request');
      headers[place('session-id')]!.name = 'Session-Id';
    },
    check: 'proxy.request',
    says: /header Session-Id is written session-id/,
  },
  {
    name: 'the host of the gateway told upstream',
    cassette: TEXT,
    change: (entries) => change(entries, 'upstream', 'request', 'host', 'gateway.test'),
    check: 'proxy.request',
    says: /header host has another value/,
  },
  {
    name: 'a wrong path upstream',
    cassette: TEXT,
    change: (entries) => {
      const { request } = side(entries, 'x1', 'upstream');
      request.url = request.url.replace('/v1/responses', '/responses');
    },
    check: 'proxy.request',
    says: /the URL is \S+\/v1\/responses and should be \S+\d\/responses/,
  },
  {
    name: 'a lost query',
    cassette: ZSTD,
    change: (entries) => {
      const { request } = side(entries, 'x1', 'upstream');
      request.url = request.url.replace(/\?.*$/, '');
    },
    check: 'proxy.request',
    says: /the URL is \S+\?client_version=\S+ and should be \S+\/models $/,
  },
  {
    name: 'another method upstream',
    cassette: TEXT,
    change: (entries) => {
      side(entries, 'x1', 'upstream').request.method = 'PUT';
    },
    check: 'proxy.request',
    says: /the method is POST and should be PUT/,
  },
  {
    name: 'a coded body, decoded, under its old label',
    cassette: ZSTD,
    change: (entries) => editRequest(entries, 'x2', 'upstream', (text) => `${text}\n`),
    check: 'proxy.request',
    says: /upstream-request: (?:the same JSON, written in another way|differs)/,
  },
  {
    name: "a key in the form of the client's protocol",
    cassette: MESSAGES,
    change: (entries) => {
      const { headers, place } = fieldsOf(entries, 'x1', 'upstream', 'request');
      headers[place('x-api-key')] = { name: 'authorization', value: 'Bearer [redacted:authorization#1]' };
    },
    check: 'proxy.request',
    says: /header authorization is missing/,
  },
  {
    name: 'a lost version of the API',
    cassette: MESSAGES,
    change: (entries) => drop(entries, 'upstream', 'request', 'anthropic-version'),
    check: 'proxy.request',
    says: /header anthropic-version is one too many/,
  },
  {
    name: 'a type that the answer does not have',
    cassette: CHAT,
    change: (entries) => change(entries, 'client', 'response', 'content-type', 'application/json'),
    check: 'proxy.response',
    says: /client-response: header content-type has another value/,
  },
  {
    name: 'a coding that the answer does not have',
    cassette: TEXT,
    change: (entries) => add(entries, 'client', 'response', 'content-encoding', 'gzip'),
    check: 'proxy.response',
    says: /header content-encoding is missing/,
  },
  {
    name: 'a lost time to wait',
    cassette: 'translated/0.169.0-chat-rate-limit',
    change: (entries) => drop(entries, 'client', 'response', 'retry-after'),
    check: 'proxy.response',
    says: /header retry-after is one too many/,
  },
  {
    name: 'losses that were counted otherwise',
    cassette: CHAT,
    change: (entries) => change(entries, 'client', 'response', 'x-tapedeck-losses', 'hint=1, semantic=1'),
    check: 'proxy.response',
    says: /header x-tapedeck-losses has another value/,
  },
  {
    name: 'a buffered answer where a stream came',
    cassette: CHAT,
    change: (entries) => {
      const { headers, place } = fieldsOf(entries, 'x1', 'client', 'response');
      headers[place('transfer-encoding')] = { name: 'content-length', value: '20842' };
    },
    check: 'proxy.response',
    says: /header content-length is missing/,
  },
  {
    name: 'an answer that broke off for the client alone',
    cassette: TEXT,
    change: (entries) => {
      side(entries, 'x1', 'client')._end = { by: 'upstream', how: 'reset', ms: 20 };
    },
    check: 'proxy.response',
    says: /the end of the message is complete and should be broken off/,
  },
  {
    name: 'an answer that broke off upstream and came whole for the client',
    cassette: TEXT,
    change: (entries) => {
      Object.assign(side(entries, 'x1', 'upstream'), {
        _outcome: 'upstream-aborted',
        _end: { by: 'upstream', how: 'reset', ms: 20 },
      });
    },
    check: 'proxy.response',
    says: /the end of the message is broken off and should be complete/,
  },
];
