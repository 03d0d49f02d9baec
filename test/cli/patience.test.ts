import { afterEach, describe, expect, it, vi } from 'vitest';
import { sayWhenSlow } from '../../src/cli/patience.ts';
import { captureIo } from '../helpers/capture-io.ts';

describe('work that takes long', () => {
  afterEach(() => vi.useRealTimers());

  it.each([
    ['is told of on a terminal after a second', true, 1100, 'Writing …\n'],
    ['is not told of before', true, 900, ''],
    ['is never told of in a pipe', false, 60_000, ''],
  ])('%s', async (_, isTTY, ms, said) => {
    vi.useFakeTimers();
    const io = captureIo();
    Object.assign(io.stderr, { isTTY });
    let resolve = (_: number) => {};
    const promise = new Promise<number>((done) => {
      resolve = done;
    });
    const work = sayWhenSlow(io, 'Writing …', promise);
    await vi.advanceTimersByTimeAsync(ms);
    resolve(7);
    expect(await work).toBe(7);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(io.err()).toBe(said);
  });
});
