import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ConformanceReport } from '../../report/conformance/model.ts';
import { CATALOGUE } from '../catalogue.ts';
import type { Check } from '../check.ts';
import { codexChecks } from '../clients/codex-checks.ts';
import { codexBinary } from '../install-codex.ts';
import { factsOf } from '../run.ts';
import { baselineOf, type GatewayBaseline, mergeBaselines, rejudge, TOLD } from './baseline.ts';
import { codexBaselineOf, mergeCodex } from './codex-baseline.ts';
import type { Confirmation, KnownFinding } from './confirmation.ts';
import { gatewayNames, readDescription } from './description.ts';
import { type MatrixEntry, writeMatrix } from './matrix.ts';
import { type PreparedGateway, prepareGateway } from './prepare.ts';
import { tryPrepared } from './try-gateway.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FIXTURES = join(ROOT, 'fixtures', 'gateways');

/** Evidence of the last run of each; git ignores it. */
const EVIDENCE = join(ROOT, '.cache', 'gateways');

/** Enough for a gateway on a busy machine, and little enough for hundreds of answers that never come. */
const TIMEOUT_MS = 12_000;
const CONCURRENCY = 4;

/** What a part of a run is given. */
interface Work {
  gateway: PreparedGateway;
  /** `.cache/gateways/NAME`. */
  out: string;
  /** The one that there is. */
  earlier: GatewayBaseline | undefined;
  /** Beginnings of ids. */
  filter: readonly string[];
  codex: readonly string[];
}

/** The parts of a run by name, in the order in which they are done. */
const PARTS: Record<string, (work: Work) => Promise<GatewayBaseline>> = {
  /** Everything of the catalogue, or what fits the filter. */
  async hermetic(work) {
    const { earlier, filter } = work;
    const checks = CATALOGUE.filter(({ id }) => filter.length === 0 || filter.some((start) => id.startsWith(start)));
    const baseline = baselineOf(await tryChecks(work, checks, 'report'), today());
    if (filter.length > 0 && earlier) return mergeBaselines(earlier, baseline, CATALOGUE.map(factsOf));
    return earlier?.codex === undefined ? baseline : { ...baseline, codex: earlier.codex };
  },
  /** What was no pass before. */
  async again(work) {
    const earlier = needed(work);
    const told = Object.entries(earlier.checks).filter(([, { results }]) => TOLD.some((verdict) => results[verdict]));
    const ids = new Set(told.map(([id]) => id));
    const report = await tryChecks(
      work,
      CATALOGUE.filter(({ id }) => ids.has(id)),
      'report-again',
    );
    return mergeBaselines(earlier, baselineOf(report, today()), CATALOGUE.map(factsOf));
  },
  /** Real Codex. */
  async codex(work) {
    const binaries = work.codex.map((version) => ({ version, path: () => codexBinary(version) }));
    for (const { path } of binaries) await path();
    // What a strict provider refuses is found by the catalogue; here Codex and the gateway are to get as far as they can.
    const report = await tryChecks(work, codexChecks(binaries), 'report-codex', 'off');
    const earlier = needed(work);
    return { ...earlier, codex: mergeCodex(earlier.codex, codexBaselineOf(report, today())) };
  },
  /** Nothing is tried: what is known is judged by the rules of today. */
  readiness: async (work) => rejudge(needed(work), CATALOGUE.map(factsOf)),
};

const CODEX_VERSIONS = '0.113.0,0.122.0,0.169.0';

function needed({ earlier, gateway }: Work): GatewayBaseline {
  if (earlier) return earlier;
  throw new Error(`There is no baseline of ${gateway.name} yet: let the part \`hermetic\` come first.`);
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** Tries checks and keeps the report and its evidence. */
async function tryChecks(
  { gateway, out }: Work,
  checks: readonly Check[],
  name: string,
  strictness: 'on' | 'off' = 'on',
): Promise<ConformanceReport> {
  await mkdir(out, { recursive: true });
  const report = await tryPrepared(gateway, {
    checks,
    out: join(out, 'evidence'),
    options: { strictness, level: 'all', profiles: [], seed: 'tapedeck' },
    timeoutMs: TIMEOUT_MS,
    concurrency: CONCURRENCY,
  });
  await writeFile(join(out, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
  return report;
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
  const names = await gatewayNames();
  const entries = names.map(async (name): Promise<MatrixEntry[]> => {
    const description = await readDescription(name);
    const baseline = await readBaseline(name, description.version);
    if (!baseline) return [];
    const confirmations = (await readList(join('confirmed', `${name}.json`))) as Confirmation[];
    const known = (await readList(join('known', `${name}.json`))) as KnownFinding[];
    return [{ description, baseline, confirmations, known }];
  });
  return (await Promise.all(entries)).flat();
}

async function readBaseline(name: string, version: string): Promise<GatewayBaseline | undefined> {
  const text = await readIfThere(baselineFile(name, version));
  return text === undefined ? undefined : (JSON.parse(text) as GatewayBaseline);
}

function baselineFile(name: string, version: string): string {
  return join(FIXTURES, 'baselines', `${name}-${version}.json`);
}

async function readList(file: string): Promise<unknown[]> {
  return JSON.parse((await readIfThere(join(FIXTURES, file))) ?? '[]') as unknown[];
}

/** A file that is there and cannot be read is an error. */
async function readIfThere(path: string): Promise<string | undefined> {
  return existsSync(path) ? readFile(path, 'utf8') : undefined;
}

/**
 * As a script: tries the gateways named as arguments, one after the other, and writes docs/gateways.md from all that were ever tried.
 * `--part` names parts of a run, with commas between; `--filter` beginnings of ids for `hermetic`; `--codex` versions and `--models`
 * models for `codex`, whose other runs stay; `--bin` the program of a gateway that no registry has.
 */
if (process.argv[1]?.endsWith('write-matrix.ts')) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      part: { type: 'string', default: 'hermetic,codex' },
      filter: { type: 'string' },
      codex: { type: 'string', default: CODEX_VERSIONS },
      /** Those of the description when absent. */
      models: { type: 'string' },
      bin: { type: 'string' },
    },
  });
  for (const name of positionals) {
    const prepared = await prepareGateway(name, {
      onProgress: (text) => console.log(text),
      ...(values.bin === undefined ? {} : { bin: values.bin }),
    });
    const gateway = { ...prepared, models: values.models?.split(',') ?? prepared.models };
    const file = baselineFile(name, gateway.version);
    for (const part of Object.keys(PARTS).filter((each) => values.part.split(',').includes(each))) {
      const earlier = await readBaseline(name, gateway.version);
      const filter = values.filter?.split(',') ?? [];
      const work = { gateway, out: join(EVIDENCE, name), earlier, filter, codex: values.codex.split(',') };
      const baseline = await PARTS[part]!(work);
      await writeFile(file, writeBaseline(baseline));
      console.log(`${name}: ${part} is done, ${baseline.seen.length} things were seen`);
    }
  }
  await writeFile(join(ROOT, 'docs', 'gateways.md'), writeMatrix(await readEntries()));
}
