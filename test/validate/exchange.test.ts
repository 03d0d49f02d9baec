import { describe, expect, it } from 'vitest';
import { validateExchange } from '../../src/validate/exchange.ts';
import type { Finding, Profile } from '../../src/validate/findings.ts';
import { capturedExchange } from '../helpers/fixture-exchange.ts';
import { recorded, type SideSpec } from '../helpers/recorded.ts';
import { sseText } from '../helpers/sse-events.ts';

const SSE = ['content-type', 'text/event-stream; charset=utf-8'];
const created = { type: 'response.created', response: { id: 'r', object: 'response' } };
const completed = { type: 'response.completed', response: { id: 'r', object: 'response', output: [] } };
const badUsage = { ...completed, response: { ...completed.response, usage: { input_tokens: 1 } } };

const good: SideSpec = {
  body: { model: 'm', input: 'x', stream: true },
  headers: SSE,
  answer: sseText([created, completed]),
};
const chat: SideSpec = {
  url: 'https://provider.example/v1/chat/completions',
  body: { model: 'm', messages: [] },
  answer: 'data: [DONE]\n\n',
  headers: SSE,
  protocol: 'chat',
};

function judge(client: SideSpec, attempts: SideSpec[] = [], profiles: Profile[] = ['tolerant', 'codex']): string[] {
  return validateExchange(recorded(client, attempts), { profiles }).map(tell);
}

function tell({ leg, attempt, profile, severity, rule }: Finding): string {
  return `${leg}${attempt === undefined ? '' : ` ${attempt}`}: ${profile} ${severity} ${rule}`;
}

describe('validateExchange', () => {
  it('finds nothing wrong with a good exchange', () => {
    expect(judge(good, [good])).toEqual([]);
  });

  it('judges a body that went through unchanged once, where it arose', () => {
    const bad = { ...good, body: { model: 'm', input: 7 }, answer: sseText([created, badUsage]) };
    expect(judge(bad, [bad])).toEqual([
      'client-request: tolerant error schema.type',
      'upstream-response 1: codex error schema.required',
    ]);
  });

  it('judges both sides of a translated exchange, and Codex on its own side alone', () => {
    const client = { ...good, answer: sseText([created, badUsage]) };
    const upstream = { ...chat, body: { model: 'm' }, answer: sseText([{ id: 'c', choices: [] }], false) };
    expect(judge(client, [upstream])).toEqual([
      'upstream-request 1: tolerant error schema.required',
      'upstream-response 1: tolerant error schema.required',
      'upstream-response 1: tolerant error grammar.chat.no-terminal',
      'client-response: codex error schema.required',
    ]);
  });

  it('names the exchange, and the attempt that failed', () => {
    const refused = { ...good, status: 500, headers: ['content-type', 'application/json'], answer: '{"detail":"m"}' };
    const exchange = recorded(good, [refused, good]);
    expect(validateExchange(exchange, { profiles: ['tolerant'] })).toMatchObject([
      { exchange: exchange.id, leg: 'upstream-response', attempt: 1, severity: 'warning', rule: 'schema.required' },
    ]);
  });

  it.each<[string, SideSpec, Profile[], string[]]>([
    ['passes over other paths', { ...good, url: '/v1/embeddings', body: '{' }, ['tolerant'], []],
    ['passes over an exchange without an answer', { ...good, status: 0, answer: '' }, ['tolerant'], []],
    ['passes over a redirect', { ...good, status: 307, answer: 'moved' }, ['tolerant'], []],
    [
      'says that a request is no JSON',
      { ...good, body: '{' },
      ['tolerant'],
      ['client-request: tolerant error raw.not-json'],
    ],
    [
      'says that a body cannot be decoded',
      { ...good, body: '', requestWire: { encodings: ['zstd'], bytes: 3, undecodable: 'corrupt' } },
      ['tolerant'],
      ['client-request: tolerant error raw.undecodable'],
    ],
    [
      'misses a stream that was asked for',
      { ...good, headers: ['content-type', 'application/json'], answer: '{"id":"r"}' },
      ['tolerant', 'codex'],
      ['client-response: tolerant error exchange.not-a-stream'],
    ],
    [
      'judges a JSON answer where no stream was asked for',
      { ...good, body: { input: 'x' }, headers: ['content-type', 'application/json'], answer: '{"id":"r"}' },
      ['tolerant'],
      ['client-response: tolerant error schema.required'],
    ],
    [
      'knows a stream by its text, and warns of the content type',
      { ...good, headers: ['content-type', 'application/json'] },
      ['tolerant', 'codex'],
      ['client-response: tolerant warning exchange.content-type'],
    ],
    [
      'knows a web page',
      { ...good, headers: ['content-type', 'text/html'], answer: '<!doctype html><title>x</title>' },
      ['tolerant'],
      ['client-response: tolerant error exchange.web-page'],
    ],
    [
      'says that Codex undoes no coding',
      { ...good, answerWire: { encodings: ['gzip'], bytes: 3 } },
      ['codex'],
      ['client-response: codex error exchange.coded-answer'],
    ],
    [
      'warns of an error in another shape',
      { ...good, status: 404, answer: '{"detail":"m"}' },
      ['tolerant'],
      ['client-response: tolerant warning schema.required'],
    ],
    [
      'calls it wrong by the letter',
      { ...good, status: 404, answer: '{"detail":"m"}' },
      ['strict', 'tolerant'],
      ['client-response: strict error schema.required', 'client-response: strict error schema.unknown-field'],
    ],
    [
      "judges Codex's list of models",
      { method: 'GET', url: '/v1/models?client_version=0.169.0', answer: '{"object":"list","data":[]}' },
      ['tolerant', 'codex'],
      ['client-response: codex error schema.foreign-body'],
    ],
    [
      "leaves Codex's list of models to Codex",
      { method: 'GET', url: '/v1/models?client_version=1', answer: '{}' },
      ['tolerant'],
      [],
    ],
  ])('%s', (_name, client, profiles, expected) => {
    expect(judge(client, [], profiles)).toEqual(expected);
  });

  it('calls a stream that the upstream broke off truncated', () => {
    const cut: SideSpec = { ...good, answer: sseText([created]), end: { by: 'upstream', ms: 9, how: 'reset' } };
    const [finding] = validateExchange(recorded({ ...cut, outcome: 'upstream-aborted' }), { profiles: ['tolerant'] });
    expect(finding).toMatchObject({ rule: 'grammar.responses.no-terminal' });
    expect(finding?.message).toMatch(/^the connection broke off/);
  });

  it('does not blame the sender when the client went away', () => {
    const cut: SideSpec = { ...good, answer: sseText([created]), end: { by: 'client', ms: 9, how: 'closed' } };
    expect(judge({ ...cut, outcome: 'client-aborted' }, [cut])).toEqual([]);
  });

  it('turns a document that exhausts the validator into a finding', () => {
    const deep = `{"model":"m","input":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const found = judge({ ...good, body: deep });
    expect(found.every((line) => line.startsWith('client-request: '))).toBe(true);
  });

  it.each<[string, string[]]>([
    ['a-provider', []],
    ['e-exec', []],
    ['m-item+completed', []],
    ['m-crlf', []],
    ['m-keepalive-mix', []],
    ['m-completed-noid', ['schema.required']],
    ['m-usage-nototal', ['schema.required']],
    ['m-usage-emptydetails', ['schema.required', 'schema.required']],
    ['m-content-text', ['schema.unknown-variant']],
    ['m-content-string', ['schema.type']],
    ['m-response-done', ['grammar.responses.no-terminal']],
    ['m-nofinal-blank', ['raw.unfinished-event']],
    ['m-event-lines-notype', ['grammar.responses.no-type']],
    ['m-chat-chunks', ['grammar.responses.no-type']],
    ['m-added-deltas-nodone', ['grammar.responses.item-not-done']],
    ['m-deltas-only', ['grammar.responses.item-only-in-completed']],
    ['m-gzip', ['exchange.coded-answer']],
    ['e-no-callid', ['schema.required']],
    ['e-args-object', ['schema.type']],
    ['e-local-shell', ['grammar.responses.item-ignored']],
    ['i-error-event', ['grammar.responses.error-event']],
    ['i-error-nested', ['grammar.responses.no-type']],
    ['i-trunc-clean', ['grammar.responses.no-terminal']],
    ['i-trunc-reset-once', ['grammar.responses.no-terminal']],
    ['i-failed-server', []],
  ])('says of %s, captured from Codex 0.169.0, what Codex made of it', (scenario, expected) => {
    const found = validateExchange(capturedExchange('0.169.0', scenario), { profiles: ['codex'] });
    expect(found.map(({ rule }) => rule)).toEqual(expected);
  });
});
