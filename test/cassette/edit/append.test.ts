import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendCassette, openAppendable } from '../../../src/cassette/edit/append.ts';
import type { CassetteHeader, Entry } from '../../../src/cassette/format.ts';
import { writeCassette } from '../../../src/cassette/store.ts';
import { HEADER, readAll, temporaryFolder } from '../../helpers/cassette-files.ts';
import { makeEntry, makeExchange } from '../../helpers/made-legs.ts';

/** A client entry and its upstream entry, as the n-th exchange of a cassette. */
function pair(n: number, seed: string, change: (entry: Entry) => Partial<Entry> = () => ({})): Entry[] {
  const { client, attempts } = makeExchange(makeEntry(), [makeEntry({ attempt: 1 })]).exchange;
  return [client, ...attempts].map((entry) => ({
    ...entry,
    ...change(entry),
    _exchange: `x${n}`,
    _seq: n,
    _seed: seed,
  }));
}

function withToken(token: string): (entry: Entry) => Partial<Entry> {
  return ({ request }) => ({
    request: { ...request, headers: [...request.headers, { name: 'authorization', value: token }] },
  });
}

async function twoCassettes(
  old: Entry[],
  added: Entry[],
  headers: { old?: Partial<CassetteHeader>; added?: Partial<CassetteHeader> } = {},
): Promise<{ path: string; other: string; before: string }> {
  const folder = temporaryFolder();
  const path = join(folder, 'a.har');
  const other = join(folder, 'b.har');
  await writeCassette(path, { ...HEADER, ...headers.old }, old);
  await writeCassette(other, { ...HEADER, ...headers.added }, added);
  return { path, other, before: await readFile(path, 'utf8') };
}

const entriesText = (file: string): string =>
  file.slice(file.indexOf('"entries": [') + '"entries": ['.length + 1, file.lastIndexOf(' ],'));

describe('appendCassette', () => {
  it('keeps every byte of the old entries and numbers the new ones on', async () => {
    const { path, other, before } = await twoCassettes([...pair(1, 's1'), ...pair(2, 's2')], pair(1, 's3'));
    const done = await appendCassette(path, other);
    const text = await readFile(path, 'utf8');
    expect(entriesText(text).startsWith(entriesText(before).slice(0, -1))).toBe(true);
    expect(done).toEqual({ path, bytes: Buffer.byteLength(text), exchanges: 3, added: 1 });
    const { entries } = await readAll(path, { pristine: true });
    expect(entries.map(({ _exchange, _seq, _seed }) => [_exchange, _seq, _seed])).toEqual([
      ['x1', 1, 's1'],
      ['x1', 1, 's1'],
      ['x2', 2, 's2'],
      ['x2', 2, 's2'],
      ['x3', 3, 's3'],
      ['x3', 3, 's3'],
    ]);
  });

  it('goes on after the highest number, however the old entries are numbered', async () => {
    const renamed = pair(4, 's1').map((entry) => ({ ...entry, _exchange: 'x9' }));
    const { path, other } = await twoCassettes(renamed, pair(1, 's2'));
    await appendCassette(path, other);
    expect((await readAll(path, { pristine: true })).exchanges.map(({ id, seq }) => [id, seq])).toEqual([
      ['x9', 4],
      ['x10', 10],
    ]);
  });

  it('adds the counts, and gives the new placeholders numbers of their own', async () => {
    const { path, other } = await twoCassettes(
      pair(1, 's1', withToken('[redacted:token#2]')),
      pair(1, 's2', withToken('[redacted:token#1]')),
      {
        old: { redacted: { token: 2 }, elided: { texts: 1, chars: 10 } },
        added: { redacted: { token: 1, jwt: 1 }, elided: { texts: 2, chars: 5 }, client: { name: 'c' }, tool: '9.9.9' },
      },
    );
    await appendCassette(path, other);
    const { header, entries } = await readAll(path, { pristine: true });
    expect(header).toEqual({
      ...HEADER,
      tool: '9.9.9',
      client: { name: 'c' },
      redacted: { token: 3, jwt: 1 },
      elided: { texts: 3, chars: 15 },
    });
    const tokens = entries.map(({ request }) => request.headers.at(-1)!.value);
    expect(tokens).toEqual([2, 2, 3, 3].map((n) => `[redacted:token#${n}]`));
  });

  it('takes the counts of the header for the highest number where the entries do not show it', async () => {
    const { path, other } = await twoCassettes(pair(1, 's1'), pair(1, 's2', withToken('[redacted:token#1]')), {
      old: { redacted: { token: 5 } },
    });
    await appendCassette(path, other);
    const { entries } = await readAll(path);
    expect(entries.at(-1)!.request.headers.at(-1)!.value).toBe('[redacted:token#6]');
  });

  it('can be done again after a kill: what is there already is left out', async () => {
    const { path, other } = await twoCassettes(pair(1, 's1'), pair(1, 's2'));
    await appendCassette(path, other);
    const once = await readFile(path, 'utf8');
    expect(await appendCassette(path, other)).toMatchObject({ exchanges: 2, added: 0 });
    expect((await readAll(path, { pristine: true })).exchanges).toHaveLength(2);
    expect(entriesText(await readFile(path, 'utf8'))).toBe(entriesText(once));
  });

  it('takes a cassette without entries on either side', async () => {
    const { path, other } = await twoCassettes([], pair(1, 's1'));
    await appendCassette(path, other);
    expect((await readAll(path, { pristine: true })).exchanges).toHaveLength(1);
    const empty = await twoCassettes(pair(1, 's1'), []);
    expect(await appendCassette(empty.path, empty.other)).toMatchObject({ exchanges: 1, added: 0 });
    expect((await readAll(empty.path, { pristine: true })).exchanges).toHaveLength(1);
  });
});

describe('a cassette that cannot be appended to', () => {
  it.each<[string, (text: string) => string, string]>([
    ['edited', (text) => text.replace('"_outcome": "complete"', '"_outcome": "timeout"'), 'cassette-edited'],
    ['reformatted', (text) => JSON.stringify(JSON.parse(text)), 'cassette-edited'],
    ['too new', (text) => text.replace('"format": 1', '"format": 99'), 'cassette-too-new'],
    ['cut off', (text) => text.slice(0, -200), 'cassette-unreadable'],
    ['no cassette', () => 'hello', 'cassette-unreadable'],
    ['empty', () => '', 'cassette-unreadable'],
  ])('is refused and left alone: %s', async (_, spoil, code) => {
    const { path, other, before } = await twoCassettes(pair(1, 's1'), pair(1, 's2'));
    const spoilt = spoil(before);
    await writeFile(path, spoilt);
    await expect(openAppendable(path)).rejects.toMatchObject({ code });
    await expect(appendCassette(path, other)).rejects.toMatchObject({ code });
    expect(await readFile(path, 'utf8')).toBe(spoilt);
  });
});
