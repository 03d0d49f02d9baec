import { describe, expect, it } from 'vitest';
import { legOf } from '../../src/cassette/legs.ts';
import { startProxy } from '../../src/proxy/server.ts';
import { post, recordAround } from './around-kit.ts';

const turn = (text: string) => ({
  model: 'gpt-5.5',
  input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }],
  stream: true,
});

describe('record around a gateway', () => {
  it.each([undefined, 'chat', 'messages'] as const)(
    'joins requests that are under way at the same time, with %s behind',
    async (protocol) => {
      const words = ['alpha', 'beta', 'gamma', 'delta'];
      const { exchanges } = await recordAround({
        gateway: (provider) => startProxy({ upstream: provider, ...(protocol ? { translation: { protocol } } : {}) }),
        clients: (url) => Promise.all(words.map((word) => post(url, '/responses', turn(`say ${word}`)))),
      });
      expect(exchanges).toHaveLength(4);
      for (const exchange of exchanges) {
        expect(exchange.outcome).toBe('complete');
        expect(exchange.attempts).toHaveLength(1);
        const [said, asked] = (['client-request', 'upstream-request'] as const).map(
          (leg) => legOf(exchange, leg)?.body?.text,
        );
        const word = words.find((one) => said?.includes(one));
        expect(asked).toContain(word);
        expect(exchange.attempts[0]!._join).toEqual({ by: 'content', certainty: 'certain' });
        expect(exchange.attempts[0]!._producer).toEqual({ name: 'somebody' });
        expect(exchange.client._producer).toEqual({ name: 'somebody' });
        expect(exchange.attempts[0]!._protocol).toBe(protocol ?? 'responses');
        expect(legOf(exchange, 'upstream-response')?.body?.text).toContain('scripted');
      }
    },
  );
});
