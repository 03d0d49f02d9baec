import { describe, expect, it } from 'vitest';
import { translateDocument } from '../../../src/proxy/translated/document.ts';

const BOM = '\uFEFF';
const REQUEST = '{"model":"m","input":"Hi"}';
const ANSWER = '{"choices":[{"message":{"role":"assistant","content":"So."},"finish_reason":"stop"}]}';
const STREAM = 'data: {"choices":[{"index":0,"delta":{"content":"So."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

describe('a file with a byte order mark, as editors on Windows write it', () => {
  it.each([
    ['request', REQUEST, { from: 'responses', to: 'chat' }],
    ['response', ANSWER, { from: 'chat', to: 'responses' }],
    ['stream', STREAM, { from: 'chat', to: 'responses' }],
  ] as const)('says as a %s what it says without', (_kind, text, options) => {
    expect(translateDocument(BOM + text, options)).toEqual(translateDocument(text, options));
  });

  it('is a request that an answer belongs to', () => {
    const options = { from: 'chat', to: 'responses', request: REQUEST } as const;
    expect(translateDocument(ANSWER, { ...options, request: BOM + REQUEST })).toEqual(
      translateDocument(ANSWER, options),
    );
  });

  it('stays as it is where nothing is translated', () => {
    expect(translateDocument(BOM + ANSWER, { from: 'chat', to: 'chat' })).toMatchObject({
      kind: 'response',
      text: BOM + ANSWER,
    });
  });
});
