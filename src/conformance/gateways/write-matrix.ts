import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CATALOGUE } from '../catalogue.ts';
import { baselineOf, type GatewayBaseline } from './baseline.ts';
import { gatewayNames, readDescription } from './description.ts';
import { type Confirmation, type MatrixEntry, writeMatrix } from './matrix.ts';
import { prepareGateway } from './prepare.ts';
import { tryPrepared } from './try-gateway.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FIXTURES = join(ROOT, 'fixtures', 'gateways');

/** Evidence of the last run of each; git ignores it. */
const EVIDENCE = join(ROOT, '.cache', 'gateways');

/** Enough for a gateway on a busy machine, and little enough for hundreds of answers that never come. */
const TIMEOUT_MS = 5_000;
const CONCURRENCY = 8;

/** Tries a gateway of the descriptions, and keeps its report, its evidence and its baseline. */
export async function tryGateway(name: string, say: (text: string) => void): Promise<GatewayBaseline> {
  const gateway = await prepareGateway(name, { onProgress: say });
  const out = join(EVIDENCE, name);
  await mkdir(out, { recursive: true });
  const report = await tryPrepared(gateway, {
    checks: CATALOGUE,
    out: join(out, 'evidence'),
    options: { strictness: 'on', level: 'all', profiles: [], seed: 'tapedeck' },
    timeoutMs: TIMEOUT_MS,
    concurrency: CONCURRENCY,
  });
  await writeFile(join(out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  const baseline = baselineOf(report, new Date().toISOString().slice(0, 10));
  const file = join(FIXTURES, 'baselines', `${name}-${baseline.version}.json`);
  await writeFile(file, writeBaseline(baseline));
  return baseline;
}

/** JSON with a line for each check and each thing seen, so that a change is a line of a diff. */
export function writeBaseline({ checks, seen, ...head }: GatewayBaseline): string {
  const lines = (list: readonly string[]) => list.map((line) => `    ${line}`).join(',\n');
  const checkLines = Object.entries(checks).map(([id, facts]) => `${JSON.stringify(id)}: ${JSON.stringify(facts)}`);
  const seenLines = seen.map((entry) => JSON.stringify(entry));
  const start = JSON.stringify(head, null, 2).slice(0, -2);
  return `${start},\n  "checks": {\n${lines(checkLines)}\n  },\n  "seen": [\n${lines(seenLines)}\n  ]\n}\n`;
}

/** What is known of every gateway that was tried, in the order of names. */
export async function readEntries(): Promise<MatrixEntry[]> {
  const files = await readdir(join(FIXTURES, 'baselines'));
  const names = await gatewayNames();
  const entries = names.map(async (name): Promise<MatrixEntry[]> => {
    const description = await readDescription(name);
    const file = `${name}-${description.version}.json`;
    if (!files.includes(file)) return [];
    const baseline = (await readJson(join(FIXTURES, 'baselines', file))) as GatewayBaseline;
    const confirmations = (await readJson(join(FIXTURES, 'confirmed', `${name}.json`)).catch(
      () => [],
    )) as Confirmation[];
    return [{ description, baseline, confirmations }];
  });
  return (await Promise.all(entries)).flat();
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}

/** As a script: tries the gateways named as arguments, one after the other, and writes docs/gateways.md from all that were ever tried. */
if (process.argv[1]?.endsWith('write-matrix.ts')) {
  for (const name of process.argv.slice(2)) {
    console.log(name);
    const { seen } = await tryGateway(name, (text) => console.log(`  ${text}`));
    console.log(`  ${seen.length} findings`);
  }
  await writeFile(join(ROOT, 'docs', 'gateways.md'), writeMatrix(await readEntries()));
}
