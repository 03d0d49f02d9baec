import { expect, it } from 'vitest';
import { atEndOfTurn } from '../../src/respond/turn.ts';

/** The next check phase of the event loop, behind what was asked for before. */
const immediate = () => new Promise<void>((resolve) => setImmediate(resolve));

it('runs all of one turn together, in order, after the present one and its microtasks', async () => {
  const done: string[] = [];
  atEndOfTurn(() => done.push('first'));
  queueMicrotask(() => {
    done.push('microtask');
    atEndOfTurn(() => done.push('second'));
  });
  setImmediate(() => done.push('immediate of others'));
  expect(done).toEqual([]);
  await immediate();
  expect(done).toEqual(['microtask', 'first', 'second', 'immediate of others']);
});

it('leaves what is asked for meanwhile to the next turn', async () => {
  const done: string[] = [];
  atEndOfTurn(() => {
    done.push('one');
    atEndOfTurn(() => done.push('two'));
  });
  await immediate();
  expect(done).toEqual(['one']);
  await immediate();
  expect(done).toEqual(['one', 'two']);
});
