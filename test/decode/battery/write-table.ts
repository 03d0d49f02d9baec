/**
 * Writes fixtures/zstd/measured.json and docs/codings.md: runs the battery, the reference programs (zstd, gzip) and, in a
 * process for each case, the measurement of memory. `npm run codings`; `-- --render` only writes the page anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { decodeBody } from '../../../src/decode/body.ts';
import { LIMITS } from '../../../src/decode/limits.ts';
import type { DecodeResult } from '../../../src/decode/types.ts';
import { BATTERY, type BatteryCase } from './cases.ts';
import { renderDocument } from './document.ts';
import { measureGrowth } from './memory.ts';
import { askReference } from './reference.ts';
import { describeResults, growthClass, type Measured } from './table.ts';

const MEASURED = new URL('../../../fixtures/zstd/measured.json', import.meta.url);
const PAGE = new URL('../../../docs/codings.md', import.meta.url);

if (!process.argv.includes('--render')) {
  const measured: Record<string, Measured> = {};
  for (const entry of BATTERY) {
    measured[entry.id] = {
      answer: await answerTo(entry),
      reference: await askReference(entry),
      memory: await measureMemory(entry),
    };
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${entry.id}`);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  writeFileSync(MEASURED, `${JSON.stringify(measured, null, 2)}\n`);
}
writeFileSync(PAGE, renderDocument(BATTERY, JSON.parse(readFileSync(MEASURED, 'utf8'))));

async function answerTo({ coding, bodies }: BatteryCase): Promise<string> {
  const results: DecodeResult[] = [];
  for (const body of await bodies()) results.push(await decodeBody(body, coding, LIMITS.request));
  return describeResults(results);
}

/** Of a case with many bodies the last one, which is the largest, stands for all. */
async function measureMemory(entry: BatteryCase): Promise<string> {
  const bytes = (await entry.bodies()).at(-1)!;
  const [growth] = await measureGrowth([{ bytes, coding: entry.coding ?? '' }]);
  return growthClass(growth!.mib);
}
