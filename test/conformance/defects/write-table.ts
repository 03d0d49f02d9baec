import { writeFile } from 'node:fs/promises';
import { DEFECTS } from './all.ts';
import { INNOCENTS } from './innocents.ts';
import { writeDefects } from './table.ts';

await writeFile(new URL('../../../docs/conformance-defects.md', import.meta.url), writeDefects(DEFECTS, INNOCENTS));
