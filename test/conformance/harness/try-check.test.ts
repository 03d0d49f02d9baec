import { expect, it } from 'vitest';
import { tell } from '../../../src/conformance/harness/try-check.ts';

it('tells where a check broke down, and not where the package lies', () => {
  const told = tell(new TypeError('made up'));
  expect(told).toMatch(/^TypeError: made up\n {4}at .*\(?test\/conformance\/harness\/try-check\.test\.ts:\d+/);
  expect(told).not.toContain(new URL('../../../', import.meta.url).pathname);
  expect(tell('words')).toBe('words');
});
