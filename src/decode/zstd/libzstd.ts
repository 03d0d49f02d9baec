import type { Buffer } from 'node:buffer';

interface Libzstd {
  /** @param level 1 to 22 */
  compress(data: Buffer, level: number): Promise<Buffer>;
  decompress(data: Buffer): Promise<Buffer>;
}

/** The binding itself: `compress` of the package's index (1.2.2) drops the level. */
const BINDING = '@mongodb-js/zstd/bindings.js';

let loading: Promise<Libzstd> | undefined;

/** Loaded when it is first needed: the package asks for a report on the whole process to tell one C library from another, and most runs see no zstd. */
const load = (): Promise<Libzstd> => (loading ??= import(BINDING) as Promise<Libzstd>);

/** libzstd, in a thread of its own. @throws what libzstd says */
export const compress: Libzstd['compress'] = async (data, level) => (await load()).compress(data, level);

/** libzstd, in a thread of its own, without a bound of its output. @throws what libzstd says */
export const decompress: Libzstd['decompress'] = async (data) => (await load()).decompress(data);
