import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DIST } from './peers.ts';
import { type Corpus, readSamples, writeCorpus } from './replay-corpus.ts';
import {
  type Aim,
  isMet,
  type Measured,
  renderAims,
  renderSection,
  replaceSection,
  type Startup,
} from './replay-report.ts';
import { median } from './statistics.ts';

const USAGE = `npm run bench:replay -- [options]
  --exchanges N   exchanges of the large corpus (default: 10000)
  --rounds N      of each measurement of start-up (default: 7)
  --dist DIR      the build to measure (default: dist)
  --json          the result as JSON on stdout
  --out FILE      whose section "Speed" is written anew, e.g. docs/replay.md
Ends with 1 where an aim is not met.`;

const { values: flags } = parseArgs({
  options: {
    exchanges: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '7' },
    dist: { type: 'string', default: DIST },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const FIXTURES = new URL('../fixtures/cassettes', import.meta.url).pathname;
const TEXT_CASSETTE = join(FIXTURES, '0.122.0/text.har');
const COMMAND = join(resolve(flags.dist), 'cli/index.js');

/** Bytes of an exchange in its cassette, up to which it is called small: a prompt, its tools, an answer in words. */
const SMALL = 20_000;

/** Told by a process about itself when it ends, all its threads together; its workers run the same line and say nothing. */
const TELL =
  'import{isMainThread}from"node:worker_threads";import{writeSync}from"node:fs";' +
  'if(isMainThread)process.on("exit",()=>writeSync(2,"\\nUSED "+JSON.stringify(process.resourceUsage())));';

interface Run {
  wallMs: number;
  cpuMs: number;
  peakMib: number;
}

/** Runs one command line of the build. Throws when it fails, as nothing in the corpus is wrong. */
function run(args: readonly string[], cwd: string): Run {
  const from = performance.now();
  const hook = `data:text/javascript,${encodeURIComponent(TELL)}`;
  const child = spawnSync(process.execPath, ['--import', hook, COMMAND, ...args], { cwd, encoding: 'utf8' });
  const wallMs = performance.now() - from;
  const used = /^USED (.*)$/m.exec(child.stderr)?.[1];
  if (child.status !== 0 || used === undefined) {
    throw new Error(`tapedeck ${args.join(' ')} ended with ${child.status}: ${child.stderr}${child.stdout}`);
  }
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(used) as NodeJS.ResourceUsage;
  return { wallMs, cpuMs: (userCPUTime + systemCPUTime) / 1000, peakMib: maxRSS / 1024 };
}

const STARTED: Readonly<Record<string, readonly string[]>> = {
  'tapedeck --version': ['--version'],
  'tapedeck --help': ['--help'],
  'tapedeck show': ['show', TEXT_CASSETTE],
  'tapedeck validate': ['validate', TEXT_CASSETTE],
  'tapedeck replay': ['replay', TEXT_CASSETTE],
};

function measureStart(folder: string): Startup[] {
  const runs = new Map<string, Run[]>();
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const [name, args] of Object.entries(STARTED)) runs.set(name, [...(runs.get(name) ?? []), run(args, folder)]);
  }
  return [...runs].map(([name, all]) => ({
    name,
    wallMs: median(all.map(({ wallMs }) => wallMs)),
    cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
  }));
}

function measureCorpus(corpus: string, of: Corpus & { folder: string }, splits: string, jobs: number): Measured {
  process.stderr.write(`${corpus}, ${of.exchanges} exchanges, --splits ${splits} --jobs ${jobs}: `);
  const { wallMs, cpuMs, peakMib } = run(
    ['replay', '.', '--splits', splits, '--jobs', String(jobs), '--reporter', 'json=report.json'],
    of.folder,
  );
  const { exchanges, bytes } = of;
  process.stderr.write(
    `${(wallMs / 1000).toFixed(1)} s, ${(cpuMs / 1000).toFixed(1)} s of CPU, ${peakMib.toFixed(0)} MiB\n`,
  );
  return { corpus, splits, jobs, exchanges, bytes, wallMs, cpuMs, peakMib };
}

async function measureAll(folder: string): Promise<{ started: Startup[]; measured: Measured[]; aims: Aim[] }> {
  const all = await readSamples(FIXTURES);
  const small = all.filter(({ bytes }) => bytes <= SMALL);
  const count = Number(flags.exchanges);
  const make = async (name: string, samples: typeof all, exchanges: number) => {
    const place = join(folder, name);
    return { folder: place, ...(await writeCorpus(place, samples, exchanges)) };
  };
  const few = await make('few', small, count / 10);
  const many = await make('many', small, count);
  const mixed = await make('mixed', all, count);
  const started = measureStart(folder);
  const measured = [
    measureCorpus('small', few, 'none', 1),
    measureCorpus('small', many, 'none', 1),
    measureCorpus('small', many, 'none', 2),
    measureCorpus('small', many, 'fast', 1),
    measureCorpus('all', mixed, 'none', 1),
    measureCorpus('all', mixed, 'fast', 1),
    measureCorpus('all', mixed, 'fast', 2),
  ];
  return { started, measured, aims: judge(started, measured) };
}

function judge(started: readonly Startup[], measured: readonly Measured[]): Aim[] {
  const [few, many, both, fast] = measured as [Measured, Measured, Measured, Measured];
  const perCore = ({ exchanges, cpuMs }: Measured) => (exchanges * 1000) / cpuMs;
  const replay = started.find(({ name }) => name === 'tapedeck replay')!;
  return [
    { what: 'exchanges/s and core, small, `--splits none`', is: perCore(many), atLeast: 1000 },
    { what: 'exchanges/s and core, small, `--splits fast`', is: perCore(fast), atLeast: 200 },
    { what: 'start-up of `replay` with one cassette, ms', is: replay.wallMs, atMost: 300 },
    { what: 'peak memory of ten times as many exchanges, times', is: many.peakMib / few.peakMib, atMost: 1.5 },
    { what: 'speed with two threads, times', is: many.wallMs / both.wallMs, atLeast: 1.8 },
  ];
}

if (flags.help) console.log(USAGE);
else {
  const folder = mkdtempSync(join(tmpdir(), 'tapedeck-bench-'));
  try {
    const result = await measureAll(folder);
    const machine = `${availableParallelism()} ${process.arch} cores, ${process.platform}, Node ${process.version}`;
    const section = renderSection(result, machine);
    console.log(flags.json ? JSON.stringify({ machine, ...result }) : section);
    if (flags.out !== undefined) {
      writeFileSync(flags.out, replaceSection(readFileSync(flags.out, 'utf8'), section));
    }
    const missed = result.aims.filter((aim) => !isMet(aim));
    if (missed.length > 0) process.stderr.write(`${renderAims(missed)}\n`);
    process.exitCode = missed.length > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
