import { expect, it } from 'vitest';
import { splitHead } from '../../src/util/headers.ts';

it.each<[string, string, string, string[]]>([
  ['nothing', '', '', []],
  ['a line alone', 'GET / HTTP/1.1', 'GET / HTTP/1.1', []],
  ['fields', 'a\r\nHost: h:1\r\nX-A: b\r\n\r\n', 'a', ['Host', 'h:1', 'X-A', 'b']],
  ['an empty value', 'a\r\nX-A: \r\nX-B:\r\n\r\n', 'a', ['X-A', '', 'X-B', '']],
  ['blanks before a value, and none', 'a\r\nX-A:\t  b c \r\nX-B:d\r\n', 'a', ['X-A', 'b c ', 'X-B', 'd']],
  ['a colon in a value, and in none', 'a\r\nX-A: b:c\r\nnone\r\nX-B: d\r\n', 'a', ['X-A', 'b:c', 'X-B', 'd']],
  ['a line without a name', 'a\r\n: b\r\nX-B: d', 'a', ['X-B', 'd']],
])('a head with %s', (_what, text, line, fields) => {
  expect(splitHead(text)).toEqual({ line, fields });
});
