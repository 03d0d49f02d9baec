import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SHAPES } from './big-shapes.ts';
import { DIST } from './peers.ts';

/**
 * Does memory stay as it is however large a cassette is, and is one exchange of a large one shown at once? Records cassettes of many small
 * exchanges and of fewer large ones, each at a tenth of the size and whole, and runs the commands on them, each in a process
 * of its own. Options: --exchanges N (100000), --bytes N (2GiB), --only small|large, --dist DIR.
 */
const { values: flags } = parseArgs({
  options: {
    exchanges: { type: 'string', default: '100000' },
    bytes: { type: 'string', default: '2GiB' },
    only: { type: 'string' },
    dist: { type: 'string', default: DIST },
  },
});

/**
 * What the whole may need beyond a tenth of it: an allowance for when garbage was last collected, and what is kept of every exchange however
 * long it is. That is most with a player: 60 bytes of index, and 300 for the hash that a request is found by and the sketch that it is compared by.
 */
const GROWTH = { mib: 48, exchangeKib: 0.35 };
/** One exchange of a cassette that has an index. */
const SHOW_SECONDS = 1;
/** The steps that find one. */
const INDEXED: ReadonlySet<string> = new Set(['show N, again', 'show N --leg']);
/** Requests to a player. */
const ASKED = 100;

interface Step {
  name: string;
  seconds: number;
  mib: number;
}

interface Size {
  exchanges: number;
  bytes: number;
  steps: Step[];
}

function bytesOf(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*(KiB|MiB|GiB)?$/i.exec(text) ?? [];
  const factor = { kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 }[unit.toLowerCase()] ?? 1;
  if (number === '') throw new Error(`--bytes ${text}: give a number such as 200MiB or 2GiB`);
  return Number(number) * factor;
}

interface Recorded {
  exchanges: number;
  bytes: number;
  recordMs: number;
  finishMs: number;
  recordMib: number;
  finishMib: number;
}

async function record(path: string, shape: string, exchanges: number, bytes: number): Promise<Recorded> {
  const file = new URL('big-record.ts', import.meta.url).pathname;
  const child = fork(file, [path, shape, String(exchanges), String(bytes)], { execArgv: ['--import', 'tsx'] });
  const exited = once(child, 'exit');
  const [message] = (await Promise.race([once(child, 'message'), exited])) as [Recorded | number];
  if (typeof message !== 'object') throw new Error(`recording ended with ${message}`);
  await exited;
  return message;
}

/** Has a process say its peak memory when it ends. */
const TELL_PEAK = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs'; process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));",
)}`;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function startCommand(args: readonly string[]) {
  const child = spawn(process.execPath, ['--import', TELL_PEAK, join(flags.dist, 'cli/index.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let peak = '';
  let err = '';
  child.stdio[3]?.on('data', (data: Buffer) => {
    peak += data;
  });
  child.stderr?.on('data', (data: Buffer) => {
    err += data;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, mib: Number(peak) / 1024, err }));
  return { child, ended };
}

async function run(name: string, args: readonly string[], codes: readonly number[] = [0]): Promise<Step> {
  const began = performance.now();
  const { child, ended } = startCommand(args);
  child.stdout?.resume();
  const { code, mib, err } = await ended;
  if (!codes.includes(code)) throw new Error(`${name} ended with ${code}: ${err}`);
  return { name, seconds: (performance.now() - began) / 1000, mib };
}

/** The quickest of three: what else runs on the machine makes a short command slow, never quick. */
async function best(step: () => Promise<Step>): Promise<Step> {
  const steps = [await step(), await step(), await step()];
  return steps.reduce((quickest, one) => (one.seconds < quickest.seconds ? one : quickest));
}

async function play(path: string, shape: keyof typeof SHAPES, exchanges: number): Promise<Step[]> {
  const began = performance.now();
  const { child, ended } = startCommand(['play', path]);
  child.stdout?.resume();
  const port = await new Promise<number>((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (data: Buffer) => {
      said += data;
      const found = /listening on http:\/\/[^/ ]*:(\d+)/.exec(said)?.[1];
      if (found) resolve(Number(found));
    });
    ended.then(({ code, err }) => reject(new Error(`play ended with ${code}: ${err}`)));
  });
  const listening = performance.now();
  const asked = Math.min(ASKED, exchanges);
  for (let i = 0; i < asked; i++) {
    const n = Math.floor((i * exchanges) / asked);
    const expected = SHAPES[shape].answer(n).join('');
    const answer = await ask(port, SHAPES[shape].request(n));
    if (answer !== expected) throw new Error(`exchange ${n + 1} was not played, but ${answer.slice(0, 300)}`);
  }
  const served = performance.now();
  child.kill('SIGTERM');
  const { mib } = await ended;
  return [
    { name: 'play: start', seconds: (listening - began) / 1000, mib },
    { name: `play: ${ASKED} requests`, seconds: (served - listening) / 1000, mib },
  ];
}

function ask(port: number, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request({ host: '127.0.0.1', port, method: 'POST', path: '/v1/responses', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

async function measure(shape: keyof typeof SHAPES, exchanges: number, bytes: number): Promise<Size> {
  const folder = mkdtempSync(join(tmpdir(), 'tapedeck-big-'));
  try {
    const path = join(folder, 'big.har');
    const made = await record(path, shape, exchanges, bytes);
    const middle = String(Math.ceil(made.exchanges / 2));
    const steps = [
      { name: 'record', seconds: made.recordMs / 1000, mib: made.recordMib },
      { name: 'finish', seconds: made.finishMs / 1000, mib: made.finishMib },
      await run('show N, first', ['show', path, middle]),
      await best(() => run('show N, again', ['show', path, middle])),
      await best(() => run('show N --leg', ['show', path, middle, '--leg', 'client-response', '--raw'])),
      await run('show', ['show', path]),
      await run('show --json', ['show', path, '--json']),
      await run('validate', ['validate', path]),
      ...(await play(path, shape, made.exchanges)),
    ];
    return { exchanges: made.exchanges, bytes: made.bytes, steps };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function sizeText({ exchanges, bytes }: Size): string {
  return `${exchanges} exchanges, ${(bytes / 1024 ** 2).toFixed(0)} MiB`;
}

/** Prints a table and says what is not as it should be. */
function judge(tenth: Size, whole: Size): string[] {
  console.log(`\n${sizeText(tenth)} | ${sizeText(whole)}\n`);
  console.log(`${''.padEnd(20)}${'seconds'.padStart(16)}${'peak MiB'.padStart(16)}`);
  const faults: string[] = [];
  const allowed = GROWTH.mib + (GROWTH.exchangeKib * (whole.exchanges - tenth.exchanges)) / 1024;
  tenth.steps.forEach((small, i) => {
    const large = whole.steps[i]!;
    const cell = (value: (step: Step) => string) => `${value(small)} → ${value(large)}`.padStart(16);
    console.log(`${large.name.padEnd(20)}${cell((s) => s.seconds.toFixed(2))}${cell((s) => s.mib.toFixed(0))}`);
    if (large.mib > small.mib + allowed) faults.push(`${large.name}: memory grows with the cassette`);
    if (INDEXED.has(large.name) && large.seconds >= SHOW_SECONDS)
      faults.push(`${large.name}: takes ${large.seconds.toFixed(2)} s`);
  });
  return faults;
}

if (!existsSync(join(flags.dist, 'cli/index.js'))) throw new Error('Run `npm run build` first, or give --dist.');
const total = bytesOf(flags.bytes);
const faults: string[] = [];
for (const shape of ['small', 'large'] as const) {
  if (flags.only !== undefined && flags.only !== shape) continue;
  const [exchanges, bytes] = shape === 'small' ? [Number(flags.exchanges), Infinity] : [Infinity, total];
  const tenth = await measure(shape, exchanges / 10, bytes / 10);
  const whole = await measure(shape, exchanges, bytes);
  faults.push(...judge(tenth, whole));
}
console.log(faults.length === 0 ? '\nmemory is flat, and one exchange is shown at once' : `\n${faults.join('\n')}`);
process.exitCode = faults.length === 0 ? 0 : 1;
