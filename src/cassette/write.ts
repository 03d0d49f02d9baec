import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { CassetteHeader, Entry } from './format.ts';
import { createFile, type FileSink } from './journal.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { entryPieces, serializeFooter, serializeHeader } from './serialize.ts';

/** HAR 1.2 wants to know what wrote the file. */
const CREATOR = 'tapedeck';

export interface WriteOptions {
  /** Replace what is there. */
  force?: boolean;
  /** Entries that come first, as they stand in another cassette: from `  {` to `  }`, without the line end. */
  kept?: AsyncIterable<Uint8Array>;
}

/**
 * Writes a cassette, entry by entry, whole or not at all.
 * @throws TapedeckError `output-exists` unless `force`; `output-failed`
 */
export async function writeCassetteFile(
  path: string,
  header: CassetteHeader,
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  options: WriteOptions = {},
): Promise<{ bytes: number }> {
  const { force = false, kept } = options;
  const bytes = await createFile(path, force, (sink) => writeCassetteTo(sink, header, entries, kept));
  return { bytes };
}

async function writeCassetteTo(
  sink: FileSink,
  header: CassetteHeader,
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  kept: WriteOptions['kept'],
): Promise<void> {
  const hash = createHash('sha256');
  let block = '';
  const write = async (bytes: Uint8Array) => {
    hash.update(bytes);
    await sink.write(bytes);
  };
  const flush = async () => {
    const bytes = Buffer.from(block);
    block = '';
    await write(bytes);
  };
  await sink.write(Buffer.from(serializeHeader(header, { name: CREATOR, version: header.tool })));
  let between = kept && (await copyEntries(kept, write)) ? BETWEEN : '';
  for await (const entry of entries) {
    block += between;
    for (const piece of entryPieces(entry)) {
      block += piece;
      if (block.length >= RECORDING_LIMITS.writeBytes) await flush();
    }
    between = BETWEEN;
  }
  if (between !== '') block += '\n';
  await flush();
  await sink.write(Buffer.from(serializeFooter(hash.digest('hex'))));
}

const BETWEEN = ',\n';

/** Writes entries as they are, `BETWEEN` them. Tells whether there were any. */
async function copyEntries(
  entries: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<boolean> {
  const between = Buffer.from(BETWEEN);
  let block: Uint8Array[] = [];
  let waiting = 0;
  let any = false;
  for await (const entry of entries) {
    if (any) block.push(between);
    any = true;
    block.push(entry);
    waiting += entry.length;
    if (waiting < RECORDING_LIMITS.writeBytes) continue;
    await write(Buffer.concat(block));
    block = [];
    waiting = 0;
  }
  await write(Buffer.concat(block));
  return any;
}
