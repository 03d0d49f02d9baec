import { mkdir, open, readdir, readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CassetteState,
  createIndexBuilder,
  indexOfLines,
  parseIndex,
  serializeIndex,
} from '../../src/cassette/cassette-index.ts';
import type { CassetteHeader, Entry } from '../../src/cassette/format.ts';
import { RECORDING_LIMITS } from '../../src/cassette/limits.ts';
import { readCassette } from '../../src/cassette/reader.ts';
import { entryPieces } from '../../src/cassette/serialize.ts';
import type { CassetteSource } from '../../src/cassette/source.ts';
import { findCassette, openCassette, writeCassette } from '../../src/cassette/store.ts';
import { makeEntry } from '../helpers/made-legs.ts';
import { assertProperty } from '../helpers/properties.ts';
import { arrayOf, HEADER, temporaryFolder } from './support/scripted.ts';

const header: CassetteHeader = { ...HEADER, redacted: {}, elided: { texts: 0, chars: 0 } };
const STATE: CassetteState = { bytes: 1, modifiedAt: 1795249941361.7708, sha256: 'a'.repeat(64) };

/** Lines of an index of entries of these exchanges, or undefined. */
function linesOf(ids: readonly string[], connection?: string): Uint8Array | undefined {
  const builder = createIndexBuilder();
  ids.forEach((exchange, i) => {
    const entry = makeEntry({
      exchange,
      seq: i + 1,
      over: connection === undefined ? {} : { _connection: connection },
    });
    builder.add(Buffer.from(entryPieces(entry).join('')), { offset: i * 1000, line: i * 10 });
  });
  return builder.lines();
}

describe('an index', () => {
  it('finds exchanges by number and by id, whatever the ids are', () => {
    assertProperty(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, unit: 'binary' }), { minLength: 1, maxLength: 20 }),
        (ids) => {
          const file = serializeIndex(linesOf(ids)!, STATE, false);
          const index = parseIndex(file, STATE)!;
          expect(index.count).toBe(ids.length);
          expect(ids.map((_, i) => index.at(i + 1)?.id)).toEqual(ids);
          expect(ids.map((id) => index.numberOf(id))).toEqual(ids.map((_, i) => i + 1));
          expect([index.at(0), index.at(ids.length + 1), index.numberOf('none of them, surely')]).toEqual([
            undefined,
            undefined,
            undefined,
          ]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('knows where the entries of an exchange are, and its connection', () => {
    const lengths = ['a', 'a', 'b'].map((exchange) => entryPieces(makeEntry({ exchange })).join('').length);
    const index = indexOfLines(linesOf(['a', 'a', 'b'])!, false);
    expect(index.at(1)).toEqual({ id: 'a', connection: undefined, line: 0, offset: 0, lengths: lengths.slice(0, 2) });
    expect(index.at(2)).toMatchObject({ id: 'b', line: 20, offset: 2000, lengths: [lengths[2]] });
    const over = indexOfLines(linesOf(['1', 'c"1', '3'], 'c"1')!, false);
    expect(over.numbersOn('c"1')).toEqual([1, 2, 3]);
    expect(over.numbersOn('c')).toEqual([]);
  });

  it('is none of entries that do not stand together or do not say whose they are', () => {
    expect(linesOf(['a', 'b', 'a'])).toBeUndefined();
    const builder = createIndexBuilder();
    builder.add(Buffer.from('  {\n  "_exchange": "x1"\n  }'), { offset: 0, line: 1 });
    expect(builder.lines()).toBeUndefined();
  });

  it.each<[string, (file: Buffer) => Uint8Array]>([
    ['cut off', (file) => file.subarray(0, -1)],
    ['without its first line', (file) => file.subarray(file.indexOf('\n') + 1)],
    ['with a byte changed', (file) => Buffer.from(file.toString().replace('["b"', '["c"'))],
    ['of another version', (file) => Buffer.from(file.toString().replace('{"tapedeckIndex":1', '{"tapedeckIndex":2'))],
    ['empty', () => Buffer.alloc(0)],
    ['not JSON', () => Buffer.from('hello\n')],
    ['null', () => Buffer.from('null\n')],
  ])('counts as none when it is %s', (_, change) => {
    const file = Buffer.from(serializeIndex(linesOf(['a', 'b'])!, STATE, false));
    expect(parseIndex(file, STATE)?.count).toBe(2);
    expect(parseIndex(change(file), STATE)).toBeUndefined();
  });

  it.each<Partial<CassetteState>>([{ bytes: 2 }, { modifiedAt: 1795249941361.75 }, { sha256: 'b'.repeat(64) }])(
    'counts as none for a cassette with %j',
    (other) => {
      const file = serializeIndex(linesOf(['a'])!, STATE, false);
      expect(parseIndex(file, { ...STATE, ...other })).toBeUndefined();
    },
  );
});

/** Entries that make a cassette large enough to have an index. */
const FILLER = 'f'.repeat(RECORDING_LIMITS.indexedBytes / 16);
const LARGE: Entry[] = Array.from({ length: 17 }, (_, i) =>
  makeEntry({ exchange: `x${i + 1}`, seq: i + 1, requestText: `{"n":${i + 1},"filler":"${FILLER}"}` }),
);

async function large(): Promise<{ folder: string; path: string; index: string }> {
  const folder = temporaryFolder();
  const path = join(folder, 'large.har');
  await writeCassette(path, header, LARGE);
  return { folder, path, index: `${path}.idx` };
}

async function load(path: string, number: number, options: { pristine?: boolean } = {}) {
  const cassette = await openCassette(path, options);
  try {
    return {
      edited: cassette.edited,
      exchange: await cassette.places!.exchange(number),
      count: cassette.places!.count,
    };
  } finally {
    await cassette.close();
  }
}

/** Makes the n of an entry a 9, in place. */
async function edit(path: string, number: number): Promise<void> {
  const at = (await readFile(path)).indexOf(`"{\\"n\\":${number},`) + 8;
  const file = await open(path, 'r+');
  await file.write('9', at);
  await file.close();
}

describe('a large cassette', () => {
  it('has an index beside it once it was opened, and a small one has not', async () => {
    const { folder, path } = await large();
    expect(await load(path, 3)).toMatchObject({ edited: false, count: 17, exchange: { id: 'x3', client: LARGE[2] } });
    await writeCassette(join(folder, 'small.har'), header, LARGE.slice(0, 1));
    expect((await load(join(folder, 'small.har'), 1)).exchange?.id).toBe('x1');
    expect((await readdir(folder)).sort()).toEqual(['large.har', 'large.har.idx', 'small.har']);
    expect(await findCassette(folder, '.')).not.toMatch(/idx$/);
  });

  it('reads the same by number as from the beginning', async () => {
    const { path } = await large();
    for (const _ of ['without an index', 'with one']) {
      const cassette = await openCassette(path);
      expect(await arrayOf(cassette.entries())).toEqual(LARGE);
      const exchanges = await arrayOf(cassette.exchanges());
      expect(await cassette.places!.exchange(17)).toEqual(exchanges[16]);
      expect(cassette.places!.numberOf('x17')).toBe(17);
      expect(await cassette.places!.exchange(18)).toBeUndefined();
      await cassette.close();
    }
  });

  it('is read only where the exchange is, once there is an index', async () => {
    const { path, index } = await large();
    await load(path, 1);
    const source = await countedSource(path, await readFile(index));
    const cassette = await readCassette(source.source);
    expect(await cassette.places!.exchange(9)).toMatchObject({ id: 'x9' });
    const entry = Buffer.byteLength(entryPieces(LARGE[8]!).join(''));
    expect(source.read()).toBeLessThan(entry + 2 * RECORDING_LIMITS.readBytes);
    expect(source.saved).toEqual([]);
  });

  it.each<[string, (index: string) => Promise<unknown>]>([
    ['damaged', (index) => writeFile(index, 'hello')],
    ['deleted', (index) => unlink(index)],
  ])('whose index was %s gets a new one', async (_, harm) => {
    const { path, index } = await large();
    await load(path, 1);
    const first = await readFile(index, 'utf8');
    await harm(index);
    expect((await load(path, 2)).exchange?.id).toBe('x2');
    expect(await readFile(index, 'utf8')).toBe(first);
  });

  it('that was edited gets a new index, which remembers that', async () => {
    const { path } = await large();
    await load(path, 1);
    await edit(path, 4);
    for (const _ of ['first', 'again']) {
      const { edited, exchange } = await load(path, 4);
      expect(edited).toBe(true);
      expect(exchange?.client.request.postData?.text.slice(0, 7)).toBe('{"n":9,');
    }
    await expect(load(path, 4, { pristine: true })).rejects.toMatchObject({ code: 'cassette-edited' });
  });

  it('is always read whole to prove that it is pristine', async () => {
    const { path } = await large();
    await load(path, 1);
    const { atime, mtime, mtimeMs } = await stat(path);
    await edit(path, 4);
    await utimes(path, atime, mtime);
    // Where the time can be put back exactly, nothing else tells that the file changed.
    if ((await stat(path)).mtimeMs === mtimeMs) expect((await load(path, 4)).edited).toBe(false);
    await expect(load(path, 4, { pristine: true })).rejects.toMatchObject({ code: 'cassette-edited' });
  });

  it('is read as well where no index can be written', async () => {
    const { folder, path, index } = await large();
    await mkdir(index);
    expect((await load(path, 5)).exchange?.id).toBe('x5');
    expect((await readdir(folder)).sort()).toEqual(['large.har', 'large.har.idx']);
    expect(await readdir(index)).toEqual([]);
  });

  it('that changes while it is open is told to have changed', async () => {
    const { path } = await large();
    const cassette = await openCassette(path);
    await writeFile(path, (await readFile(path)).subarray(10));
    await expect(cassette.places!.exchange(3)).rejects.toMatchObject({
      code: 'cassette-unreadable',
      message: expect.stringContaining('changed while'),
    });
    await cassette.close();
  });
});

/** A file as a source that counts what is read of it. */
async function countedSource(path: string, index: Uint8Array) {
  const bytes = await readFile(path);
  const saved: Uint8Array[] = [];
  let read = 0;
  const count = (part: Uint8Array) => {
    read += part.length;
    return part;
  };
  const source: CassetteSource = {
    path,
    bytes: bytes.length,
    modifiedAt: (await stat(path)).mtimeMs,
    async *blocks() {
      for (let at = 0; at < bytes.length; at += RECORDING_LIMITS.readBytes)
        yield count(bytes.subarray(at, at + RECORDING_LIMITS.readBytes));
    },
    read: async (position, length) => count(bytes.subarray(position, position + length)),
    loadIndex: async () => index,
    saveIndex: async (file) => {
      saved.push(file);
    },
    close: async () => {},
  };
  return { source, saved, read: () => read };
}
