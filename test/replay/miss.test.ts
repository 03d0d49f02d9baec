import { describe, expect, test } from 'vitest';
import type { Miss } from '../../src/replay/match.ts';
import { missBody, missText } from '../../src/replay/miss.ts';
import { recorded } from '../helpers/recorded.ts';

const exchange = { ...recorded({}), id: 'a1b2', seq: 3 };
const recording = { exchange, entry: exchange.client };
const unknown: Miss = {
  method: 'POST',
  target: '/v1/responses',
  reason: 'unknown',
  recorded: 0,
  protocol: 'responses',
};

test.each<[string, Partial<Miss>, string]>([
  ['no request for that path', {}, 'Tapedeck: the cassette has no request for POST /v1/responses, whatever its body.'],
  [
    'a value that differs',
    { closest: { recording, leaves: 1, first: { pointer: '/input/0', recorded: 'hi', live: 'ho' } } },
    'Tapedeck: no recording of this POST /v1/responses. Closest is exchange a1b2 (#3): 1 value differs, first at /input/0: recorded "hi", asked "ho".',
  ],
  [
    'several, at the root, of a later attempt',
    {
      closest: {
        recording: { ...recording, attempt: 2 },
        leaves: 4,
        first: { pointer: '', recorded: undefined, live: [1] },
      },
    },
    'Tapedeck: no recording of this POST /v1/responses. Closest is exchange a1b2 (#3), attempt 2: 4 values differ, first at the root: recorded (absent), asked [1].',
  ],
  [
    'another query',
    { closest: { recording, leaves: 0, first: undefined } },
    'Tapedeck: no recording of this POST /v1/responses. Closest is exchange a1b2 (#3), with another query or body.',
  ],
  [
    'exhausted once',
    { reason: 'exhausted', recorded: 1 },
    'Tapedeck: the cassette has POST /v1/responses once, and that was played already. Use --repeat last or --repeat cycle to play it again.',
  ],
  [
    'exhausted',
    { reason: 'exhausted', recorded: 4 },
    'Tapedeck: the cassette has POST /v1/responses 4 times, and all were played already. Use --repeat last or --repeat cycle to play it again.',
  ],
])('%s', (_, miss, text) => {
  expect(missText({ ...unknown, ...miss })).toBe(text);
});

describe('the body has the shape of the protocol', () => {
  const openai = {
    error: {
      message: expect.stringMatching(/^Tapedeck: /),
      type: 'invalid_request_error',
      param: null,
      code: 'cassette_miss',
    },
  };
  const messages = {
    type: 'error',
    error: { type: 'invalid_request_error', message: expect.stringMatching(/^Tapedeck: /) },
  };
  test.each<[string, Partial<Miss>, unknown]>([
    ['responses', {}, openai],
    ['chat', { protocol: 'chat' }, openai],
    ['messages', { protocol: 'messages' }, messages],
    ['messages by the path', { protocol: null, target: '/v1/messages?beta=true' }, messages],
    ['token counts by the path', { protocol: null, target: '/v1/messages/count_tokens' }, messages],
    ['any other path', { protocol: null, target: '/v1/messages/batches' }, openai],
  ])('%s', (_, miss, body) => {
    expect(JSON.parse(missBody({ ...unknown, ...miss }))).toEqual(body);
  });
});
