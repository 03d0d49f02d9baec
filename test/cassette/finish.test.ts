import { describe, expect, it } from 'vitest';
import { clientOf } from '../../src/cassette/finish.ts';
import { indexJournal, readAhead, readRecords } from '../../src/cassette/index-journal.ts';
import { isStreamed, sniffCoding } from '../../src/cassette/streamed.ts';
import { HEADER } from './support/scripted.ts';

const START = JSON.stringify({ tapedeckJournal: 1, owner: {}, force: false, header: HEADER });

function journal(...lines: string[]) {
  const bytes = Buffer.from([START, ...lines].join('\n'));
  return async (at: number, length: number) => bytes.subarray(at, at + length);
}

describe('the index of a journal', () => {
  it('finds the records of each exchange, without a torn last line', async () => {
    const read = journal('{"x":2,"t":"open"}', '{"x":1,"t":"open"}', '{"x":2,"t":"close"}', '{"x":1,"t":"clo');
    const { lines: all, start } = await indexJournal(read);
    const lines = new Map(all.inOrder());
    expect(start?.header).toEqual(HEADER);
    expect([...lines.keys()]).toEqual([1, 2]);
    expect(await readRecords(readAhead(read), lines.get(2)!)).toEqual([
      { x: 2, t: 'open' },
      { x: 2, t: 'close' },
    ]);
    expect(await readRecords(read, lines.get(1)!)).toEqual([{ x: 1, t: 'open' }]);
  });

  it('passes over damaged lines', async () => {
    const read = journal('{"x":1,"t":"open"', '\0\0\0', '{"x":1,"t":"close"}', '');
    const [[seq, lines] = []] = [...(await indexJournal(read)).lines.inOrder()];
    expect(seq).toBe(1);
    expect(await readRecords(read, lines!)).toEqual([{ x: 1, t: 'close' }]);
  });

  it('counts different values that were replaced, not places', async () => {
    const read = journal(
      '{"x":1,"t":"open","a":"[redacted:api-key#1] [redacted:api-key#2] [redacted:api-key#1]"}',
      '{"x":2,"t":"open","a":"[redacted:jwt#3] ?k=%5Bredacted%3Aapi-key%231%5D"}',
      '',
    );
    expect((await indexJournal(read)).redacted).toEqual({ 'api-key': 2, jwt: 1 });
  });

  it('is none of what is no journal', async () => {
    const read = async (at: number, length: number) => Buffer.from('{"log":{}}\n{"x":1}\n').subarray(at, at + length);
    expect((await indexJournal(read)).start).toBeUndefined();
  });
});

describe('the client', () => {
  it.each([
    [
      'codex_exec/0.169.0 (Debian 13.0.0; x86_64) xterm (codex_exec; 0.169.0)',
      { name: 'codex_exec', version: '0.169.0' },
    ],
    ['claude-cli/2.0.1 (external, cli)', { name: 'claude-cli', version: '2.0.1' }],
    ['OpenAI/JS 4.2.0', { name: 'OpenAI/JS', version: '4.2.0' }],
    ['curl/8.5.0', { name: 'curl', version: '8.5.0' }],
    ['node', { name: 'node' }],
    ['', undefined],
    [undefined, undefined],
  ])('of %j is %j', (userAgent, client) => {
    expect(clientOf(userAgent)).toEqual(client);
  });
});

describe('streamed bodies', () => {
  const none = new Uint8Array(0);
  it.each<[string, string, string, boolean]>([
    ['client-response', 'text/event-stream', '', true],
    ['upstream-response', 'Text/Event-Stream; charset=utf-8', '', true],
    ['upstream-response', 'application/x-ndjson', '', true],
    ['upstream-response', 'application/json', '{"a":1}', false],
    ['upstream-response', 'application/json', 'data: {"', true],
    ['upstream-response', '', '\ufeffevent: a', true],
    ['upstream-response', 'text/plain', 'database', false],
    ['client-request', 'text/event-stream', 'data: 1', false],
  ])('%s of type %j that begins with %j: %j', (leg, mimeType, first, expected) => {
    const bytes = first ? Buffer.from(first) : none;
    expect(isStreamed(leg as 'client-response', mimeType, bytes)).toBe(expected);
  });

  it.each([
    [[0x28, 0xb5, 0x2f, 0xfd, 0], 'zstd'],
    [[0x52, 0x2a, 0x4d, 0x18], 'zstd'],
    [[0x1f, 0x8b, 8, 0], 'gzip'],
    [[0x78, 0x9c, 1], 'deflate'],
    [[0x7b, 0x22], undefined],
    [[], undefined],
  ])('bytes %j look like %j', (bytes, coding) => {
    expect(sniffCoding(Uint8Array.from(bytes))).toBe(coding);
  });
});
