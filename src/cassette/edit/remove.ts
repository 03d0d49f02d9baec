import { INDEX_SUFFIX } from '../cassette-index.ts';
import { removeFile } from '../journal.ts';

/** Removes a cassette, and the index that may stand beside it. */
export async function removeCassette(path: string): Promise<void> {
  await removeFile(path);
  await removeFile(path + INDEX_SUFFIX);
}
