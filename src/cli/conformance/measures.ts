import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CATALOGUE } from '../../conformance/catalogue.ts';
import { reportOfBaseline } from '../../conformance/gateways/baseline.ts';
import { readDescription } from '../../conformance/gateways/description.ts';
import { isGatewayBaseline, readShippedBaseline } from '../../conformance/gateways/shipped.ts';
import { EXIT, TapedeckError } from '../../errors.ts';
import { type EarlierReport, holdAgainstBaseline } from '../../report/conformance/baseline.ts';
import { compareReports, comparisonLines } from '../../report/conformance/compare.ts';
import type { ConformanceReport, Waiver } from '../../report/conformance/model.ts';
import { applyWaivers } from '../../report/conformance/waivers.ts';
import type { Arguments } from '../command.ts';
import { type Io, say, sayJson } from '../io.ts';
import type { Output } from '../replay/output.ts';

/** What a run is held against. */
export interface Measures {
  baseline?: EarlierReport;
  waivers?: Waiver[];
  /** To be shown beside the run. */
  other?: ConformanceReport;
}

/** What `--baseline` takes in the place of a file. */
const SHIPPED = 'shipped';

/** @throws TapedeckError `input-invalid`, `usage` */
export async function readMeasures(args: Arguments, io: Io): Promise<Measures> {
  const { baseline, waivers, compare } = args as { baseline?: string; waivers?: string; compare?: string };
  return {
    ...(baseline === undefined ? {} : { baseline: await readBaseline(baseline, args, io) }),
    ...(waivers === undefined ? {} : { waivers: await readWaivers(waivers, io) }),
    ...(compare === undefined ? {} : { other: await readReport(compare, io) }),
  };
}

export function applyMeasures(report: ConformanceReport, { baseline, waivers }: Measures): ConformanceReport {
  const held = baseline ? holdAgainstBaseline(report, baseline) : report;
  if (!waivers) return held;
  const known = new Set([...CATALOGUE, ...report.checks].map(({ id }) => id));
  return applyWaivers(held, waivers, known, new Date().toISOString().slice(0, 10));
}

/** Shows another report and this run side by side: on stdout, unless something else than text is there. */
export function sayBeside(
  other: ConformanceReport,
  report: ConformanceReport,
  outputs: readonly Output[],
  io: Io,
): void {
  const taken = outputs.some(({ file, reporter }) => file === undefined && reporter !== 'text');
  const stream = taken ? io.stderr : io.stdout;
  const colour = taken ? io.errorColour : io.colour;
  const lines = comparisonLines(other, report, { colour, width: stream.isTTY ? stream.columns : undefined });
  stream.write(`\n${lines.join('\n')}\n`);
}

/** `--compare A B`: what stands where the URL would is a file. */
export function isComparisonOfFiles({ compare, url }: Arguments): boolean {
  return compare !== undefined && url !== undefined && !/^https?:/i.test(String(url));
}

/** Shows two reports side by side. Resolves with 1 when they differ. @throws TapedeckError `input-invalid` */
export async function compareFiles(args: Arguments, io: Io): Promise<number> {
  const a = await readReport(String(args.compare), io);
  const b = await readReport(String(args.url), io);
  const comparison = compareReports(a, b);
  if (args.json === true) sayJson(io, { event: 'comparison', a: a.gateway, b: b.gateway, ...comparison });
  else {
    const width = io.stdout.isTTY ? io.stdout.columns : undefined;
    for (const line of comparisonLines(a, b, { colour: io.colour, width })) say(io, line);
  }
  return comparison.differences.length === 0 ? EXIT.ok : EXIT.findings;
}

/** A report as it is, or in the small form that is kept of well-known gateways. */
async function readBaseline(name: string, args: Arguments, io: Io): Promise<EarlierReport> {
  if (name === SHIPPED) return readShipped(args);
  const document = await readJson(name, REPORT, io);
  return isGatewayBaseline(document) ? reportOfBaseline(document) : checkReport(document, name);
}

async function readShipped({ gateway, 'gateway-version': version }: Arguments): Promise<EarlierReport> {
  if (typeof gateway === 'string') {
    const described = await readDescription(gateway);
    return reportOfBaseline(await readShippedBaseline(gateway, (version as string | undefined) ?? described.version));
  }
  throw new TapedeckError('usage', `--baseline ${SHIPPED} is that of a gateway that there is a description of.`, {
    hint: 'Add --gateway NAME, or name a file (./shipped, if it is called that).',
  });
}

const REPORT = 'JSON report of `conformance`';

async function readReport(name: string, io: Io): Promise<ConformanceReport> {
  return checkReport(await readJson(name, REPORT, io), name);
}

function checkReport(document: unknown, name: string): ConformanceReport {
  const report = document as Partial<ConformanceReport> | null;
  const isReport =
    report?.tapedeckConformance === 1 &&
    [report.results, report.checks, report.routes, report.clients].every((list) => Array.isArray(list));
  if (isReport) return report as ConformanceReport;
  throw new TapedeckError('input-invalid', `${name} is no JSON report of \`conformance\`: it is of another kind`, {
    hint: 'Write one with `tapedeck conformance … --reporter json=FILE`.',
  });
}

const TEXTS = ['id', 'reason', 'link', 'expires'] as const;

async function readWaivers(name: string, io: Io): Promise<Waiver[]> {
  const list = await readJson(name, 'list of waivers', io);
  if (!Array.isArray(list)) throw badWaivers(name, 'it is no JSON list');
  return list.map((waiver: unknown, i) => readWaiver(waiver, `${name}, number ${i + 1}`));
}

function readWaiver(waiver: unknown, place: string): Waiver {
  const fields = (typeof waiver === 'object' && waiver !== null ? waiver : {}) as Record<string, unknown>;
  const missing = TEXTS.find((key) => typeof fields[key] !== 'string' || fields[key].trim() === '');
  if (missing !== undefined) throw badWaivers(place, `it has no ${missing}`);
  const { id, route, model, client, reason, link, expires, ...others } = fields as unknown as Waiver;
  const [other] = Object.keys(others);
  if (other !== undefined) throw badWaivers(place, `there is no field ${JSON.stringify(other)}`);
  const where = Object.entries({ route, model, client }).filter(([, value]) => value !== undefined);
  const odd = where.find(([, value]) => typeof value !== 'string');
  if (odd) throw badWaivers(place, `its ${odd[0]} is no text`);
  if (!/^\d{4}-\d\d-\d\d$/.test(expires) || Number.isNaN(Date.parse(expires)))
    throw badWaivers(place, `${JSON.stringify(expires)} is no day`);
  return { id, ...Object.fromEntries(where), reason, link, expires };
}

function badWaivers(place: string, why: string): TapedeckError {
  return new TapedeckError('input-invalid', `${place} is no waiver: ${why}.`, {
    hint: 'Write a list of {"id": …, "reason": …, "link": …, "expires": "YYYY-MM-DD"}, with "route", "model" or "client" where it is about one alone.',
  });
}

async function readJson(name: string, what: string, { cwd }: Io): Promise<unknown> {
  try {
    return JSON.parse(await readFile(resolve(cwd, name), 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TapedeckError('input-invalid', `${name} is no ${what}: ${why}`, { cause });
  }
}
