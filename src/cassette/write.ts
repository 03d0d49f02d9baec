import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { CassetteHeader, Entry } from './format.ts';
import { createFile, type FileSink } from './journal.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { ENTRY_END, entryLines, serializeFooter, serializeHeader } from './serialize.ts';

/** HAR 1.2 wants to know what wrote the file. */
const CREATOR = 'tapedeck';

/**
 * Writes a cassette, entry by entry, whole or not at all.
 * @throws TapedeckError `output-exists` unless `force`; `output-failed`
 */
export async function writeCassetteFile(
  path: string,
  header: CassetteHeader,
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  options: { force?: boolean } = {},
): Promise<{ bytes: number }> {
  const bytes = await createFile(path, options.force ?? false, (sink) => writeCassetteTo(sink, header, entries));
  return { bytes };
}

async function writeCassetteTo(
  sink: FileSink,
  header: CassetteHeader,
  entries: AsyncIterable<Entry> | Iterable<Entry>,
): Promise<void> {
  const hash = createHash('sha256');
  let block: string[] = [];
  let waiting = 0;
  const flush = async () => {
    const bytes = Buffer.from(block.join(''));
    block = [];
    waiting = 0;
    hash.update(bytes);
    await sink.write(bytes);
  };
  await sink.write(Buffer.from(serializeHeader(header, { name: CREATOR, version: header.tool })));
  let before: string | undefined;
  for await (const entry of entries) {
    if (before !== undefined) block.push(`${before},\n`);
    const lines = entryLines(entry);
    before = ENTRY_END;
    for (const line of lines.slice(0, -1)) {
      block.push(line, '\n');
      waiting += line.length;
      if (waiting >= RECORDING_LIMITS.writeBytes) await flush();
    }
  }
  if (before !== undefined) block.push(`${before}\n`);
  await flush();
  await sink.write(Buffer.from(serializeFooter(hash.digest('hex'))));
}
