/**
 * Gives the walker and the decoders mutations of the battery and invented bodies, and checks what comes of them.
 *
 *   npm run fuzz -- [--inputs 1000000] [--seed N] [--from N]
 *
 * The same seed gives the same inputs; `--from N --inputs 1` repeats number N alone. Ends 1 at the first input that breaks
 * a rule or takes more than a second, and prints it.
 */
import { parseArgs } from 'node:util';
import { BATTERY } from '../decode/battery/cases.ts';
import { checkInput } from './check.ts';
import { inventBody, mutate } from './mutate.ts';
import { randomOf } from './random.ts';

/** Larger bodies of the battery are bombs and their like, which fill the time and not the paths. */
const LARGEST_SEED = 4096;
/** Milliseconds of processor time that one input may take, which are far more than any needs. */
const SLOW = 1000;
const PROGRESS_MS = 500;
/** How often each coding is taken, in tenths. */
const CODINGS = [...Array(7).fill('zstd'), 'gzip', 'deflate', 'br'] as readonly string[];

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    from: { type: 'string', default: '0' },
  },
});
const seed = Number(values.seed);
const from = Number(values.from);
const to = from + Number(values.inputs);
if (![seed, from, to].every(Number.isSafeInteger)) throw new Error('--inputs, --seed and --from are whole numbers');

const corpus = await readCorpus();
const outcomes = new Map<string, number>();
const started = performance.now();
let slowest = { ms: 0, index: 0 };
let shown = 0;
console.log(`seed ${seed}, inputs ${from} to ${to - 1}`);
for (let index = from; index < to; index++) {
  const { coding, bytes, pieceSize } = makeInput(index);
  const begun = cpuMs();
  let outcome: string;
  try {
    outcome = await checkInput(bytes, coding, pieceSize);
    if (cpuMs() - begun > SLOW) throw new Error(`took ${Math.round(cpuMs() - begun)} ms`);
  } catch (error) {
    console.error(
      `\ninput ${index} (${coding}, pieces of ${pieceSize}): ${error instanceof Error ? error.stack : error}`,
    );
    console.error(Buffer.from(bytes).toString('base64'));
    process.exit(1);
  }
  const now = cpuMs();
  if (now - begun > slowest.ms) slowest = { ms: now - begun, index };
  outcomes.set(`${coding}: ${outcome}`, (outcomes.get(`${coding}: ${outcome}`) ?? 0) + 1);
  if (process.stderr.isTTY && now - shown > PROGRESS_MS) {
    shown = now;
    process.stderr.write(`\r${index - from + 1} of ${to - from}`);
  }
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
for (const [outcome, count] of [...outcomes].sort()) console.log(`${String(count).padStart(9)}  ${outcome}`);
const seconds = (performance.now() - started) / 1000;
console.log(
  `${to - from} inputs in ${seconds.toFixed(0)} s, the slowest ${slowest.ms.toFixed(0)} ms (number ${slowest.index})`,
);
console.log(`peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);

/** Time of the processor, so that what else the machine does is not counted. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function makeInput(index: number): { coding: string; bytes: Uint8Array; pieceSize: number } {
  const random = randomOf(seed, index);
  const coding = CODINGS[random(CODINGS.length)]!;
  const seeds = corpus.get(coding)!;
  const pick = () => seeds[random(seeds.length)]!;
  const bytes = random(5) === 0 ? inventBody(random) : mutate(pick(), random, pick());
  return { coding, bytes, pieceSize: [bytes.length + 1, 1 + random(64), 1 + random(1000)][random(3)]! };
}

/** Small bodies of the battery by their coding; of a case with many, the first, one in the middle and the last. */
async function readCorpus(): Promise<Map<string, Uint8Array[]>> {
  const seeds = new Map<string, Uint8Array[]>(CODINGS.map((coding) => [coding, []]));
  for (const entry of BATTERY) {
    const list = seeds.get(entry.coding ?? '');
    const bodies = list === undefined ? [] : await entry.bodies();
    const places = new Set([0, bodies.length >> 1, bodies.length - 1]);
    for (const place of places) {
      const body = bodies[place];
      if (body !== undefined && body.length <= LARGEST_SEED) list?.push(body);
    }
  }
  return seeds;
}
