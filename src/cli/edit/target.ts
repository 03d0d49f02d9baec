import { resolve } from 'node:path';
import type { CassetteHeader, Entry } from '../../cassette/format.ts';
import { type CassetteReader, openCassette, writeCassette } from '../../cassette/store.ts';
import { formatBytes, formatCount } from '../../report/format.ts';
import type { EditRequest } from '../edit.ts';
import { findNamed } from '../find-cassette.ts';
import { say, sayJson } from '../io.ts';

/** Opens the cassette of an operation that takes one, and closes it whatever happens. */
export async function withCassette<T>(
  { cassettes, io }: EditRequest,
  work: (cassette: CassetteReader) => Promise<T>,
): Promise<T> {
  const cassette = await openCassette(await findNamed(cassettes[0], io));
  try {
    return await work(cassette);
  } finally {
    await cassette.close();
  }
}

/** `NAME.<operation>.har` beside the cassette, `-o`, or the cassette itself. */
export function targetOf({ operation, args, io }: EditRequest, path: string): { path: string; force: boolean } {
  if (args['in-place']) return { path, force: true };
  const output = args.output as string | undefined;
  const target = output === undefined ? `${withoutSuffix(path)}.${operation}.har` : resolve(io.cwd, output);
  return { path: target, force: args.force as boolean };
}

export function withoutSuffix(path: string): string {
  return path.replace(/\.har$/i, '');
}

/** A cassette that was written. */
export interface Written {
  path: string;
  bytes: number;
  exchanges: number;
}

/** Writes the result beside its place and gives it its name when it is whole; the cassette that it is made of may be its place. */
export async function writeResult(
  target: { path: string; force: boolean },
  header: CassetteHeader,
  entries: AsyncIterable<Entry>,
): Promise<Written> {
  let exchanges = 0;
  async function* counted(): AsyncGenerator<Entry> {
    for await (const entry of entries) {
      if (entry._side === 'client') exchanges += 1;
      yield entry;
    }
  }
  const { bytes } = await writeCassette(target.path, header, counted(), { force: target.force });
  return { path: target.path, bytes, exchanges };
}

/** Says what was written. @param facts of the operation: in the JSON as they are, and as a line each for people */
export function tellWritten(
  { operation, args, io }: EditRequest,
  files: readonly Written[],
  facts: Record<string, unknown>,
  lines: readonly string[],
): void {
  if (args.json) {
    sayJson(io, { event: 'edited', operation, files, ...facts });
    return;
  }
  for (const { path, exchanges, bytes } of files) {
    say(io, `${io.colour.bold(path)}  ${formatCount(exchanges, 'exchange')}, ${formatBytes(bytes)}`);
  }
  for (const line of lines) say(io, `  ${line}`);
}
