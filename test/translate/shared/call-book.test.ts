import { describe, expect, it } from 'vitest';
import { callIdOf, createCallBook } from '../../../src/translate/shared/call-book.ts';

const NINE = { pattern: /^[A-Za-z0-9]{9}$/, length: 9 };

function outputs(...ids: string[]) {
  return ids.map((call_id) => ({ type: 'function_call_output', call_id, output: '' }));
}

describe('createCallBook', () => {
  it('keeps ids that the provider takes, and knows which calls have outputs', () => {
    const book = createCallBook(outputs('call_a'), undefined);
    expect(book.open('call_a')).toEqual({ id: 'call_a', answered: true });
    expect(book.open('call_b')).toEqual({ id: 'call_b', answered: false });
    expect(book.answer('call_a')).toBe('call_a');
    expect(book.answer('call_a')).toBeUndefined();
    expect(book.answer('call_x')).toBeUndefined();
    expect(book.renamed.size).toBe(0);
  });

  it('maps ids that the provider would refuse, the same way in every request', () => {
    const ids = ['call_000027abcdef0123', 'call_000028abcdef0123', 'abcDEF123', ''];
    const open = () => {
      const book = createCallBook(outputs(...ids), NINE);
      return { given: ids.map((id) => book.open(id).id), book };
    };
    const { given, book } = open();
    for (const id of given) expect(id).toMatch(NINE.pattern);
    expect(given[2]).toBe('abcDEF123');
    expect(new Set(given).size).toBe(4);
    expect(open().given).toEqual(given);
    expect([...book.renamed]).toEqual([
      [given[0], ids[0]],
      [given[1], ids[1]],
      [given[3], ''],
    ]);
    expect(book.answer(ids[1]!)).toBe(given[1]);
  });

  it('tells calls with one id apart, and answers them in order', () => {
    const book = createCallBook(outputs('call_0', 'call_0'), undefined);
    const [first, second, third] = [1, 2, 3].map(() => book.open('call_0'));
    expect(first).toEqual({ id: 'call_0', answered: true });
    expect(second!.id).not.toBe('call_0');
    expect(second!.answered).toBe(true);
    expect(third!.answered).toBe(false);
    expect([book.answer('call_0'), book.answer('call_0'), book.answer('call_0')]).toEqual([
      'call_0',
      second!.id,
      undefined,
    ]);
  });

  it('does not wait for an output that came before its call', () => {
    const book = createCallBook(outputs('call_a'), undefined);
    expect(book.answer('call_a')).toBeUndefined();
    expect(book.open('call_a')).toEqual({ id: 'call_a', answered: false });
  });

  it('makes ids as short as they have to be, and no two alike', () => {
    const long = createCallBook([], { pattern: /^\w+$/, length: 8 });
    expect(long.open('call_of_the_first').id).toHaveLength(8);
    const short = createCallBook([], { pattern: /^[0-9a-f]$/, length: 1 });
    const ids = Array.from({ length: 10 }, (_, n) => short.open(`call_${n}`).id);
    expect(new Set(ids).size).toBe(10);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]$/);
    // There are sixteen of them: the next one is like another, which is better than none.
    for (let n = 10; n < 18; n += 1) expect(short.open(`call_${n}`).id).toMatch(/^[0-9a-f]$/);
  });

  it.each([undefined, 'text', [null, 3, { type: 'function_call_output' }]])('takes %j for input', (input) => {
    expect(createCallBook(input, undefined).open('a')).toEqual({ id: 'a', answered: false });
  });
});

describe('callIdOf', () => {
  it.each([
    [{ call_id: 'a', id: 'b' }, 'a'],
    [{ id: 'b' }, 'b'],
    [{ call_id: 7 }, ''],
  ])('%j', (item, id) => expect(callIdOf(item)).toBe(id));
});
