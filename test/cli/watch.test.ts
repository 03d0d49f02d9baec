import { expect, test } from 'vitest';
import type { ExchangeStart } from '../../src/cassette/tap.ts';
import { watchExchanges } from '../../src/cli/watch.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { memoryRecorder } from '../helpers/memory-recorder.ts';

const CODEX = ['user-agent', 'codex_exec/0.169.0 (Debian 12.0.0; x86_64) dumb'];
const start = (headers: string[], url = '/v1/responses'): ExchangeStart => ({
  startedAt: 0,
  seed: '0-0',
  protocol: 'responses',
  request: { method: 'POST', url, httpVersion: '1.1', headers },
});
const COMPLETED = 'data: {"type":"response.completed","response":{"id":"r"}}\n\n';
const ITEM =
  'data: {"type":"response.output_item.done","item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ok"}]}}\n\n';

/** The line printed for one exchange, and what went on to the inner recorder. */
function lineFor(
  exchange: ExchangeStart,
  body: string,
  answer: string,
  outcome: 'complete' | 'client-aborted' = 'complete',
) {
  const io = captureIo();
  const inner = memoryRecorder();
  const tap = watchExchanges(inner, io).open(exchange);
  const end = { by: 'upstream', how: 'complete', ms: 1500 } as const;
  tap.clientRequest.data(0, Buffer.from(body));
  tap.clientRequest.end(end);
  const head = { status: 200, statusText: 'OK', httpVersion: '1.1', headers: ['content-type', 'text/event-stream'] };
  const message = tap.clientResponse(10, head, { name: 'tapedeck' });
  message.data(20, Buffer.from(answer));
  message.end(end);
  tap.close(outcome, end);
  return { line: io.err(), inner: inner.exchanges[0] };
}

test('an answer that Codex accepts is said so, and everything goes on to the recorder', () => {
  const { line, inner } = lineFor(start(CODEX), '{"model":"m"}', ITEM + COMPLETED);
  expect(line).toMatch(/^#1 {2}POST \/v1\/responses {2}200 {2}1\.\d+ s {2}\d+ B {2}Codex: accept\n$/);
  expect(inner?.clientRequest.body.toString()).toBe('{"model":"m"}');
  expect(inner?.clientResponse?.body.toString()).toBe(ITEM + COMPLETED);
  expect(inner?.outcome).toBe('complete');
});

test('a stream without its end is said to be retried, with the reason', () => {
  expect(lineFor(start(CODEX), '{}', ITEM).line).toMatch(/Codex: retry \(.*response\.completed.*\)/);
});

test('a compaction is judged as one', () => {
  const body = JSON.stringify({ input: [{ type: 'compaction_trigger' }] });
  expect(lineFor(start(CODEX), body, ITEM + COMPLETED).line).toMatch(/Codex: fail/);
});

test('another client, and a client that went away, get no verdict', () => {
  expect(lineFor(start(['user-agent', 'curl/8']), '{}', ITEM).line).not.toContain('Codex');
  expect(lineFor(start(CODEX), '{}', ITEM, 'client-aborted').line).not.toContain('Codex:');
});

test('control characters of a request line do not reach the terminal', () => {
  expect(lineFor(start(CODEX, '/v1/\u001b[31mresponses'), '{}', ITEM).line).not.toContain('\u001b');
});
