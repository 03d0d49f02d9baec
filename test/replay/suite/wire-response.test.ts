import { describe, expect, it } from 'vitest';
import { readResponse } from '../../../src/replay/suite/proxy/wire-response.ts';

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const OF_FIVE = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n';

function read(text: string, method = 'GET') {
  const response = readResponse(Buffer.from(text, 'latin1'), method);
  return response && { ...response, body: Buffer.from(response.body).toString('latin1') };
}

describe('readResponse', () => {
  it.each([
    ['chunks', `${CHUNKED}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n`, { body: 'abcde', whole: true, extra: 0 }],
    [
      'chunks with line ends in them',
      `${CHUNKED}4\r\n\r\n\r\n\r\n0\r\n\r\n`,
      { body: '\r\n\r\n', whole: true, extra: 0 },
    ],
    ['trailers', `${CHUNKED}1\r\na\r\n0\r\nx: 1\r\ny: 2\r\n\r\n`, { body: 'a', whole: true, extra: 0 }],
    ['chunks without the last one', `${CHUNKED}3\r\nabc\r\n`, { body: 'abc', whole: false, extra: 0 }],
    ['a chunk that is cut', `${CHUNKED}5\r\nabc`, { body: 'abc', whole: false, extra: 0 }],
    ['a last chunk that is cut', `${CHUNKED}1\r\na\r\n0\r\n`, { body: 'a', whole: false, extra: 0 }],
    ['no chunk', CHUNKED, { body: '', whole: false, extra: 0 }],
    ['a length', `${OF_FIVE}abcde`, { body: 'abcde', whole: true, extra: 0 }],
    ['a length that is not reached', `${OF_FIVE}abc`, { body: 'abc', whole: false, extra: 0 }],
    ['more than the length', `${OF_FIVE}abcdefg`, { body: 'abcde', whole: true, extra: 2 }],
    ['more than the chunks', `${CHUNKED}0\r\n\r\nHTTP`, { body: '', whole: true, extra: 4 }],
    ['no framing', 'HTTP/1.1 200 OK\r\nx: y\r\n\r\nabc', { body: 'abc', whole: true, extra: 0 }],
    [
      'a status without a body',
      'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n',
      { body: '', whole: true, extra: 0 },
    ],
  ])('%s', (_, text, expected) => {
    expect(read(text)).toMatchObject(expected);
  });

  it('has no body in answer to HEAD', () => {
    expect(read(OF_FIVE, 'HEAD')).toMatchObject({ body: '', whole: true, extra: 0 });
  });

  it('passes interim responses over', () => {
    const text = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n${OF_FIVE}abcde`;
    expect(read(text)).toMatchObject({ status: 200, headers: ['content-length', '5'], body: 'abcde' });
  });

  it.each(['', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 100 Continue\r\n\r\n'])('has nothing in %j', (text) => {
    expect(read(text)).toBeUndefined();
  });
});
