import { describe, expect, it } from 'vitest';
import { planJoin, sketchExchange } from '../../src/around/assemble.ts';
import { recorded } from '../helpers/recorded.ts';

const MEBIBYTE = 1024 * 1024;

/** Two requests at once, and what a gateway that has no ids made of the second of them. */
function joinedTo(bodies: [object, object, object]): unknown {
  const fronts = bodies.slice(0, 2).map((body) => recorded({ body, answer: '{}' }));
  const back = recorded({ body: bodies[2], answer: '{}' }, [{ url: 'https://provider.example/v1/chat/completions' }]);
  const { exchanges } = planJoin([...fronts, back].map((exchange, i) => sketchExchange(exchange, i + 1)));
  return exchanges.find((one) => 'attempts' in one && one.attempts.length > 0);
}

describe('sketchOf', () => {
  const long = 'a long history '.repeat(MEBIBYTE / 5);
  const asked = (said: string, before = 'short') => ({
    input: [before, said].map((content) => ({ role: 'user', content })),
  });

  it('knows what was said last in a long conversation', () => {
    const made = { messages: [long, 'the second question'].map((content) => ({ role: 'user', content })) };
    const join = { front: 1, by: 'content', certainty: 'certain' };
    expect(joinedTo([asked('the first question', long), asked('the second question', long), made])).toEqual({
      number: 2,
      attempts: [{ number: 3, join }],
    });
  });

  it('knows a long text that was said last', () => {
    const made = { messages: [{ role: 'user', content: `${long} the second` }] };
    const join = { front: 1, by: 'content', certainty: 'certain' };
    expect(joinedTo([asked(`${long} the first`), asked(`${long} the second`), made])).toEqual({
      number: 2,
      attempts: [{ number: 3, join }],
    });
  });

  it('keeps what was said of the requests of the gateway alone', () => {
    const exchange = recorded({ body: asked('a question'), answer: '{}' });
    expect(sketchExchange(exchange, 1)).toMatchObject({ isBack: false, sketch: { lastUser: 'aquestion', said: '' } });
  });
});
