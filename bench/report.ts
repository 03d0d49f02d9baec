import { type Measured, ratio, type Sample, SCENARIOS, type Scenario, typical } from './measure.ts';
import { STREAM_EVENTS } from './traffic.ts';

export interface Report {
  /** ISO date. */
  date: string;
  /** In words: cores, system, node. */
  machine: string;
  rounds: number;
  /** Of one measurement, milliseconds. */
  forMs: number;
  measured: Measured[];
  /** Peers that were left out, with the reason. */
  skipped: string[];
}

/** A column of a table: one number of one scenario. */
interface Column {
  title: string;
  scenario: string;
  field: keyof Sample;
  digits: number;
}

const LATENCY = SCENARIOS[0]!;
const RECORD = 'tapedeck record';
const TRANSLATE = 'tapedeck translate';
const FLOOR = 'http-proxy';

/** A number that is wanted: of whom it is a multiple, and the least (or most) it may be. */
interface Target {
  what: string;
  to: string;
  scenario: string;
  field: keyof Sample;
  least?: number;
  most?: number;
}

/** Speed with recording on that must not be lost. */
const RECORD_TARGETS: readonly Target[] = [
  { what: 'requests/s, 32 connections', to: FLOOR, scenario: '32 connections', field: 'perSecond', least: 1.3 },
  { what: 'p50, 1 connection', to: FLOOR, scenario: '1 connection', field: 'p50', most: 1 },
  { what: 'events/s, 32 streams', to: FLOOR, scenario: '32 streams', field: 'perSecond', least: 1 },
  {
    what: 'requests/s, 32 connections',
    to: 'tapedeck proxy',
    scenario: '32 connections',
    field: 'perSecond',
    least: 0.9,
  },
  { what: 'events/s, 32 streams', to: 'tapedeck proxy', scenario: '32 streams', field: 'perSecond', least: 0.9 },
];

/** Speed that translating must not take away: http-proxy hands the same traffic through as it is. */
const TRANSLATE_TARGETS: readonly Target[] = [
  { what: 'requests/s, 32 connections', to: FLOOR, scenario: '32 connections', field: 'perSecond', least: 1 },
  { what: 'events/s, 32 streams', to: FLOOR, scenario: '32 streams', field: 'perSecond', least: 1 },
];

/** The whole of docs/performance.md. */
export function renderMarkdown(report: Report): string {
  const { measured, rounds, forMs } = report;
  return `# Performance

Written by \`npm run bench\` on ${report.date}: ${report.machine}; ${rounds} rounds, each number measured for ${forMs / 1000} s. The load generator, the provider (both plain sockets) and whatever stands between them share the cores, everything on loopback.

## Beside http-proxy

Numbers divided by those of a plain node \`http-proxy\` 1.18.1 that records nothing. More than 1 is better for requests and events, less than 1 is better for
latency and CPU.

${ratioTable(measured)}

With recording on:

${targetTable(measured, RECORD, RECORD_TARGETS)}

## Translating

The same requests of Responses clients, carried to a provider that speaks Chat Completions, and its answers back, without recording:

${targetTable(measured, TRANSLATE, TRANSLATE_TARGETS)}

## Numbers

Requests a second, each with a body of 700 bytes (or 40 KB) up and 1 KB down; events a second of 32 streams of ${STREAM_EVENTS} events at a time, one write an
event.

${speedTable(measured)}

Latency with 1 connection, in milliseconds from the request to the last byte of the answer; "added" is what is left without the direct one's.

${latencyTable(measured)}

CPU time of the process between, in microseconds, and its memory.

${costTable(measured)}
${report.skipped.length > 0 ? `\nLeft out: ${report.skipped.join('; ')}.\n` : ''}
## How to read it

- Read the ratios. The absolute numbers are those of one machine on one day, and they move by a factor of two with what else runs there.
- All peers are measured in one run, in turns: in each round each gets the same traffic, and each round begins with another one. A number is the median of the rounds; a
  ratio is the median of the rounds' ratios. Differences below a tenth are noise.
- The load generator and the provider are made to cost little, but with two cores they compete with the process between. CPU time a request is the number that
  depends least on the machine.
- \`direct\` has nothing in between. \`nginx\` is one process without buffering. \`http-proxy\` keeps its connections upstream. \`tapedeck proxy\` and \`tapedeck record\` are the
  commands; \`record\` redacts and writes all four legs of every exchange to a journal on the disk while it is measured, in a thread of its
  own that has to share the two cores with all else; its CPU time is that of both threads.
- \`tapedeck translate\` is \`tapedeck proxy --upstream-protocol chat\`: the provider answers the same text in Chat Completions, as JSON of about the same size or as
  ${STREAM_EVENTS} chunks, one write each. Its events are those of the provider; \`npx tsx bench/translate.ts\` measures the translators alone.
- Peak memory is that of the whole run. \`npx tsx bench/memory.ts\` shows whether it grows with the number of exchanges, \`npx tsx bench/big.ts\` whether that of the other commands grows
  with the cassette, \`npx tsx bench/abort.ts\`
  whether clients that go away leave connections behind, \`npx tsx bench/soak.ts\` whether 200 streams at once for five minutes lose a byte.
- A model takes seconds for an answer; a proxy adds fractions of a millisecond. These numbers matter where many agents share one gateway, and in CI.
`;
}

function ratioTable(measured: readonly Measured[]): string {
  const columns: Column[] = [
    ...SCENARIOS.map((scenario): Column => column(scenario, `${scenario.unit}/s, ${scenario.name}`, 'perSecond', 2)),
    column(LATENCY, 'p50, 1 connection', 'p50', 2),
    column(SCENARIOS[1]!, 'CPU a request', 'cpu', 2),
    column(SCENARIOS[4]!, 'CPU an event', 'cpu', 2),
  ];
  const floor = find(measured, FLOOR);
  return table(
    ['', ...columns.map(({ title }) => title)],
    measured.map((one) => [
      one.peer,
      ...columns.map(({ scenario, field, digits }) => number(ratio(one, floor, scenario, field), digits)),
    ]),
  );
}

function targetTable(measured: readonly Measured[], peer: string, targets: readonly Target[]): string {
  const one = find(measured, peer);
  const rows = targets.map(({ what, to, scenario, field, least, most }) => {
    const value = one ? ratio(one, find(measured, to), scenario, field) : Number.NaN;
    const met = value >= (least ?? 0) && value <= (most ?? Number.POSITIVE_INFINITY);
    const bound = least === undefined ? `at most ${most}` : `at least ${least}`;
    return [`${what}, ÷ ${to}`, bound, number(value, 2), Number.isNaN(value) ? '–' : met ? 'yes' : 'no'];
  });
  return table(['', 'wanted', 'measured', 'met'], rows);
}

function speedTable(measured: readonly Measured[]): string {
  const titles = SCENARIOS.map(({ unit, name }) => `${unit}/s, ${name}`);
  const rows = measured.map((one) => [
    one.peer,
    ...SCENARIOS.map(({ name }) => number(typical(one, name, 'perSecond'), 0)),
  ]);
  return table(['', ...titles], rows);
}

function latencyTable(measured: readonly Measured[]): string {
  const direct = find(measured, 'direct');
  const rows = measured.map((one) => {
    const [p50, p99] = (['p50', 'p99'] as const).map((field) => typical(one, LATENCY.name, field));
    const added = (['p50', 'p99'] as const).map((field) => addedTo(one, direct, field));
    return [one.peer, number(p50!, 3), number(p99!, 2), number(added[0]!, 3), number(added[1]!, 2)];
  });
  return table(['', 'p50', 'p99', 'added p50', 'added p99'], rows);
}

function addedTo(one: Measured, direct: Measured | undefined, field: 'p50' | 'p99'): number {
  if (!direct || one === direct) return Number.NaN;
  return typical(one, LATENCY.name, field) - typical(direct, LATENCY.name, field);
}

function costTable(measured: readonly Measured[]): string {
  const rows = measured
    .filter(({ memory }) => !Number.isNaN(memory.peak))
    .map((one) => [
      one.peer,
      ...SCENARIOS.slice(1).map(({ name }) => number(typical(one, name, 'cpu'), 1)),
      number(one.memory.idle, 0),
      number(one.memory.peak, 0),
    ]);
  const titles = SCENARIOS.slice(1).map(
    ({ unit, name }) => `µs a${unit === 'events' ? 'n event' : ' request'}, ${name}`,
  );
  return table(['', ...titles, 'MiB idle', 'MiB peak'], rows);
}

function column({ name }: Scenario, title: string, field: keyof Sample, digits: number): Column {
  return { title, scenario: name, field, digits };
}

function find(measured: readonly Measured[], peer: string): Measured | undefined {
  return measured.find((one) => one.peer === peer);
}

function number(value: number, digits: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Medians of everything, for programs. */
export function renderJson(report: Report): object {
  const floor = find(report.measured, FLOOR);
  const { measured, ...facts } = report;
  const fields = ['perSecond', 'p50', 'p99', 'cpu'] as const;
  const peers = measured.map((one) => ({
    peer: one.peer,
    memory: one.memory,
    errors: one.errors,
    scenarios: Object.keys(one.samples).map((scenario) => ({
      scenario,
      ...Object.fromEntries(fields.map((field) => [field, typical(one, scenario, field)])),
      ratios: Object.fromEntries(fields.map((field) => [field, ratio(one, floor, scenario, field)])),
    })),
  }));
  return { ...facts, peers };
}
