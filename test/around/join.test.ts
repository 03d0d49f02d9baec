import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinSketches } from '../../src/around/join.ts';
import type { Sketch } from '../../src/around/sketch.ts';
import { assertProperty } from '../helpers/properties.ts';

function sketch(of: Partial<Sketch> = {}): Sketch {
  const { lastUser } = of;
  return {
    kind: 'generate',
    startedAt: 0,
    endedAt: 1000,
    requestIds: new Set(),
    sessions: new Set(),
    callIds: new Set(),
    lastUser,
    said: lastUser ?? '',
    leaves: new Set(),
    answer: new Set(),
    ...of,
  };
}

describe('joinSketches', () => {
  it.each<[string, Sketch[], Sketch, ReturnType<typeof joinSketches>[number]]>([
    [
      'an id that one request has',
      [sketch({ requestIds: new Set(['id-of-one']) }), sketch({ requestIds: new Set(['id-of-two']) })],
      sketch({ requestIds: new Set(['id-of-two']) }),
      { front: 1, by: 'request-id', certainty: 'certain' },
    ],
    [
      'a session that one request under way has',
      [sketch({ sessions: new Set(['s1']) }), sketch({ sessions: new Set(['s2']) })],
      sketch({ sessions: new Set(['s2']) }),
      { front: 1, by: 'session', certainty: 'certain' },
    ],
    [
      'ids of calls',
      [sketch({ callIds: new Set(['c1']) }), sketch({ callIds: new Set(['c2']) })],
      sketch({ callIds: new Set(['c1']) }),
      { front: 0, by: 'call-ids', certainty: 'likely' },
    ],
    [
      'what the user said last',
      [sketch({ lastUser: 'one' }), sketch({ lastUser: 'two' })],
      sketch({ lastUser: 'two', said: 'be\ntwo' }),
      { front: 1, by: 'content', certainty: 'certain' },
    ],
    [
      'the answer, where the requests are the same',
      [sketch({ lastUser: 'one', answer: new Set(['a']) }), sketch({ lastUser: 'one', answer: new Set(['b']) })],
      sketch({ lastUser: 'one', answer: new Set(['b']) }),
      { front: 1, by: 'content', certainty: 'likely' },
    ],
    ['nothing but the time', [sketch(), sketch()], sketch(), { front: 0, by: 'order', certainty: 'guess' }],
    [
      'the only request that is left, although it says something else',
      [sketch({ lastUser: 'one' })],
      sketch({ lastUser: 'uno' }),
      { front: 0, by: 'order', certainty: 'guess' },
    ],
    ['nothing: another kind', [sketch()], sketch({ kind: 'models' }), undefined],
    ['nothing: over by then', [sketch({ endedAt: 10 })], sketch({ startedAt: 500 }), undefined],
    ['nothing: not begun by then', [sketch({ startedAt: 600 })], sketch({ startedAt: 500 }), undefined],
  ])('joins by %s', (_name, fronts, back, expected) => {
    expect(joinSketches(fronts, [back])).toEqual([expected]);
  });

  it('gives a session that is in several requests under way to the one that says the same', () => {
    const sessions = new Set(['s']);
    const fronts = [sketch({ sessions, lastUser: 'one' }), sketch({ sessions, lastUser: 'two' })];
    const backs = [sketch({ sessions, lastUser: 'two' }), sketch({ sessions, lastUser: 'one' })];
    expect(joinSketches(fronts, backs).map((join) => join?.front)).toEqual([1, 0]);
  });

  it('gives each of several requests that say the same one of its own', () => {
    const fronts = [sketch({ lastUser: 'one' }), sketch({ lastUser: 'one', startedAt: 1 })];
    const backs = [sketch({ lastUser: 'one', startedAt: 2 }), sketch({ lastUser: 'one', startedAt: 3 })];
    expect(joinSketches(fronts, backs).map((join) => [join?.front, join?.certainty])).toEqual([
      [0, 'guess'],
      [1, 'guess'],
    ]);
  });

  it('takes a repeat for a further attempt of the same request', () => {
    const backs = [sketch({ lastUser: 'one', startedAt: 2 }), sketch({ lastUser: 'one', startedAt: 3 })];
    expect(joinSketches([sketch({ lastUser: 'one' })], backs).map((join) => join?.front)).toEqual([0, 0]);
  });

  it('says that nobody asked what comes beside a request that was carried', () => {
    const backs = [sketch({ lastUser: 'one', startedAt: 2 }), sketch({ lastUser: 'are you there?', startedAt: 3 })];
    expect(joinSketches([sketch({ lastUser: 'one' })], backs)[1]).toBeUndefined();
  });

  it('finds every request of clients that say different things at the same time, in whatever order they go up', () => {
    assertProperty(
      fc.property(
        fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 6 }), {
          maxLength: 12,
        }),
        fc.gen(),
        (texts, gen) => {
          const order = gen(() => fc.shuffledSubarray([...texts.keys()], { minLength: texts.length }));
          const fronts = texts.map((text, i) => sketch({ lastUser: `<${text}>`, startedAt: i }));
          const backs = order.map((i) =>
            sketch({ lastUser: `<${texts[i]}>`, said: `system\n<${texts[i]}>`, startedAt: 50 }),
          );
          expect(joinSketches(fronts, backs).map((join) => [join?.front, join?.certainty])).toEqual(
            order.map((i) => [i, 'certain']),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
