import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { appendCassette } from '../../src/cassette/edit/append.ts';
import { createEntryRedactor } from '../../src/cassette/edit/redact-entry.ts';
import { exportHar } from '../../src/cassette/export/har.ts';
import type { Entry, HarHeader, InterimResponse } from '../../src/cassette/format.ts';
import { groupExchanges, legsOf } from '../../src/cassette/legs.ts';
import { compareCassettes } from '../../src/replay/cassette-difference.ts';
import { sourceOfList } from '../../src/replay/exchange-source.ts';
import { exchangeLines } from '../../src/report/exchange-text.ts';
import { viewExchange } from '../../src/report/exchange-view.ts';
import * as files from '../helpers/cassette-files.ts';
import { makeEntry, makeExchange } from '../helpers/made-legs.ts';
import { readAll, recordAll, temporaryFolder } from './support/scripted.ts';

const KEY = `sk-${'proj-'}${'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'}`;
const LINK: HarHeader = { name: 'Link', value: '</style.css>; rel=preload' };
const early = (at: number, ...headers: string[]) => ({ at, status: 103, statusText: 'Early Hints', headers });

/** An exchange with hints on both sides, the upstream's with one more. */
function hinted(headers: readonly string[] = [LINK.name, LINK.value]) {
  const processing = { at: 4, status: 102, statusText: '', headers: [] };
  return {
    attempts: [{ response: { body: ['{}'], interim: [processing, early(5.04, ...headers)] } }],
    response: { body: ['{}'], interim: [early(6, ...headers)] },
  };
}

const hintsOf = (entries: readonly Entry[]): unknown[] =>
  entries.map(({ _side, response }) => [_side, response._informational?.map(({ headers }) => headers)]);

const withHints = (headers: HarHeader[]): Entry => {
  const entry = makeEntry();
  const hint: InterimResponse = { ms: 1, status: 103, statusText: 'Early Hints', headers };
  return { ...entry, response: { ...entry.response, _informational: [hint] } };
};

describe('interim responses', () => {
  it('are recorded on the side that they were on, with times from its beginning', async () => {
    const { entries } = await recordAll([hinted()]);
    const hint = { status: 103, statusText: 'Early Hints', headers: [LINK] };
    // The attempt began 2 ms after the exchange.
    expect(entries.map(({ response }) => response._informational)).toEqual([
      [{ ms: 6, ...hint }],
      [
        { ms: 2, status: 102, statusText: '', headers: [] },
        { ms: 3, ...hint },
      ],
    ]);
  });

  it('are recorded where no final response followed', async () => {
    const { entries } = await recordAll([
      { attempts: [{ outcome: 'upstream-aborted', response: { status: 0, how: 'never', interim: [early(3)] } }] },
    ]);
    expect(entries[1]?.response).toMatchObject({ status: 0, _informational: [{ ms: 1, status: 103, headers: [] }] });
    expect(entries[0]?.response).not.toHaveProperty('_informational');
  });

  it('are redacted before they are written', async () => {
    const { path, entries } = await recordAll([hinted(['Set-Cookie', 'a=bcdefgh', 'X-Other', KEY])]);
    const text = await readFile(path, 'utf8');
    expect(text).not.toContain('bcdefgh');
    expect(text).not.toContain(KEY);
    expect(entries[0]?.response._informational?.[0]?.headers[1]?.value).toMatch(/^\[redacted:/);
  });

  it('take one line each in the file', async () => {
    const { path } = await recordAll([hinted([])]);
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line.includes('Early Hints'));
    expect(lines.map((line) => line.trim())).toEqual([
      '{"ms": 6, "status": 103, "statusText": "Early Hints", "headers": []}',
      '{"ms": 3, "status": 103, "statusText": "Early Hints", "headers": []}',
    ]);
  });

  it('that somebody edited into something else make the entry unreadable', async () => {
    const { path } = await recordAll([hinted([])]);
    await writeFile(path, (await readFile(path, 'utf8')).replace('"status": 103, ', ''));
    await expect(files.readAll(path)).rejects.toThrow('response._informational is missing or wrong');
  });

  it('are redacted by `edit redact`', async () => {
    const entry = withHints([LINK, { name: 'X-Note', value: `see ${KEY}` }]);
    const redactor = createEntryRedactor();
    const { response } = await redactor.entry(entry);
    expect(response._informational?.[0]?.headers[0]).toEqual(LINK);
    expect(response._informational?.[0]?.headers[1]?.value).toMatch(/^see \[redacted:.*#1\]$/);
  });

  it('keep their placeholders apart when cassettes are put together', async () => {
    const folder = temporaryFolder();
    const [path, other] = [join(folder, 'a.har'), join(folder, 'b.har')];
    const secret = hinted(['Set-Cookie', 'a=bcdefgh']);
    const first = await recordAll([secret], { path });
    await recordAll([{ ...secret, startedAt: 1_763_700_009_000 }], { path: other });
    await writeFile(other, (await readFile(other, 'utf8')).replaceAll('0123456789abcdef', 'fedcba9876543210'));
    await appendCassette(path, other);
    const { entries } = await readAll(path);
    const [before, added] = [entries.slice(0, 2), entries.slice(2)];
    expect(before).toEqual(first.entries);
    expect(hintsOf(added)).toEqual(JSON.parse(JSON.stringify(hintsOf(before)).replaceAll('#1]', '#2]')));
  });

  it('stay in an exported HAR file, and not in a plain one', async () => {
    const { exchanges } = await recordAll([hinted()]);
    const text = async (plain: boolean) =>
      Buffer.concat(
        await files.collect(exportHar(files.HEADER, exchanges, { plain, side: 'both', tool: '0' })),
      ).toString();
    const { log } = JSON.parse(await text(false)) as { log: { entries: Entry[] } };
    expect(hintsOf(log.entries)).toEqual(hintsOf([exchanges[0]!.client, ...exchanges[0]!.attempts]));
    expect(await text(true)).not.toContain('Early Hints');
  });

  it('are shown before the response that they came before', () => {
    const { exchange, legs } = makeExchange(withHints([LINK]), [{ ...makeEntry({ attempt: 1 }) }]);
    const lines = exchangeLines(viewExchange(exchange, legs, 1), { colour: new Chalk({ level: 0 }), columns: 90 });
    const at = lines.findIndex((line) => line.startsWith('client response'));
    expect(lines.slice(at + 1, at + 3)).toEqual([
      '  interim      103 Early Hints after 1 ms',
      '    Link: </style.css>; rel=preload',
    ]);
  });

  it('are shown where no response came', async () => {
    const entry = withHints([]);
    entry.response = { ...entry.response, status: 0, headers: [], content: { size: 0, mimeType: '' } };
    const exchange = groupExchanges([entry])[0]!;
    const lines = exchangeLines(viewExchange(exchange, legsOf(exchange), 1), {
      colour: new Chalk({ level: 0 }),
      columns: 90,
    });
    expect(lines.join('\n')).toMatch(/client response +no response\n +interim +103 Early Hints/);
  });

  it('count in `diff`, but for their times', async () => {
    const diff = (a: Entry, b: Entry) =>
      compareCassettes(sourceOfList(groupExchanges([a])), sourceOfList(groupExchanges([b])), { level: 'shape' });
    const one = withHints([LINK]);
    const later = structuredClone(one);
    later.response._informational![0]!.ms = 700;
    expect((await diff(one, later)).different).toEqual([]);
    const { different } = await diff(one, withHints([]));
    expect(different[0]?.legs[0]?.head.map(({ pointer }) => pointer)).toEqual(['/informational/0/headers/link']);
  });
});
