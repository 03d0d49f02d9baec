import { describe, expect, it } from 'vitest';
import { createBudget, tokensOf } from '../../../src/conformance/harness/budget.ts';
import { beginSide, type ObservedSide } from '../../../src/conformance/harness/observed.ts';
import { toUtf8 } from '../../../src/util/bytes.ts';
import type { Protocol } from '../../../src/util/types.ts';

function answered(protocol: Protocol, body: string, { type = 'application/json', status = 200 } = {}): ObservedSide {
  const head = { method: 'POST', url: '/v1/x', httpVersion: 'HTTP/1.1', headers: [] };
  const response = { status, statusText: '', httpVersion: 'HTTP/1.1', headers: ['content-type', type] };
  return { ...beginSide(protocol, head, toUtf8('12345678')), response, chunks: [[0, toUtf8(body)]] };
}

const SSE = { type: 'text/event-stream' };

describe('tokensOf', () => {
  it.each([
    ['a document', answered('chat', '{"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}'), 7],
    ['a document of Messages', answered('messages', '{"usage":{"input_tokens":3,"output_tokens":4}}'), 7],
    [
      'a stream',
      answered(
        'responses',
        'data: {"type":"response.completed","response":{"usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}}}\n\n',
        SSE,
      ),
      7,
    ],
    ['an answer that does not say, by its size', answered('chat', '{"choices":[]}12'), 6],
    ['what is no JSON', answered('chat', 'data: hello\n\n....', SSE), 7],
    ['an error', answered('chat', '{"usage":{"total_tokens":7}}', { status: 429 }), 0],
    ['no answer', beginSide('chat', answered('chat', '').request, toUtf8('12345678')), 0],
  ])('tells what %s cost', (_, side, tokens) => {
    expect(tokensOf(side)).toBe(tokens);
  });
});

it('a budget is over when as much as that is spent', () => {
  const budget = createBudget(10);
  const cost = answered('chat', '{"usage":{"total_tokens":6}}');
  budget.spend([cost]);
  expect([budget.spent(), budget.isOver()]).toEqual([6, false]);
  budget.spend([cost]);
  expect([budget.spent(), budget.isOver()]).toEqual([12, true]);
});
