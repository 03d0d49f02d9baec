/**
 * Compares what we decode with what the zlib of Node 24 does, which has zstd: single frames alone, since it reads the first
 * frame and ignores what follows. Mutations of the battery and the battery itself; Node 24 comes by npx.
 *
 *   npx tsx test/fuzz/compare-node24.ts [inputs] [seed]
 *
 * Prints a table of agreement. Ends 1 when the two decode to different bytes, or when we decode what Node 24 refuses.
 */
import { spawnSync } from 'node:child_process';
import { decodeZstd } from '../../src/decode/zstd/decode.ts';
import { createZstdStep } from '../../src/decode/zstd/step.ts';
import { walkZstd } from '../../src/decode/zstd/walk.ts';
import { concatBytes } from '../../src/util/bytes.ts';
import { sha256Hex } from '../../src/util/sha256.ts';
import { BATTERY } from '../decode/battery/cases.ts';
import { inventBody, mutate } from './mutate.ts';
import { randomOf } from './random.ts';

const LIMIT = 1024 * 1024;
const LARGEST_SEED = 4096;
/** Reads bodies, each after its length, and prints a line for each: a SHA-256 or `refused`. */
const PEER = `
const { zstdDecompressSync } = require('node:zlib');
const { createHash } = require('node:crypto');
const input = require('node:fs').readFileSync(0);
for (let at = 0; at < input.length; ) {
  const end = at + 4 + input.readUInt32LE(at);
  try {
    const bytes = zstdDecompressSync(input.subarray(at + 4, end), { maxOutputLength: ${LIMIT} });
    console.log(createHash('sha256').update(bytes).digest('hex'));
  } catch {
    console.log('refused');
  }
  at = end;
}`;

const inputs = Number(process.argv[2] ?? 20_000);
const seed = Number(process.argv[3] ?? 1);
const bodies = (await makeBodies()).filter(isSingleFrame);
const theirs = askNode24(bodies);
const counts = new Map<string, number>();
let wrong = 0;
for (const [i, bytes] of bodies.entries()) {
  const whole = await decodeZstd(bytes, LIMIT);
  const ours = { whole: whole.ok ? sha256Hex(whole.bytes) : 'refused', stream: await stream(bytes) };
  for (const [way, answer] of Object.entries(ours)) {
    const told = answer === theirs[i] ? 'alike' : answer === 'refused' ? 'refused by us alone' : 'WRONG';
    const kind = answer === 'refused' ? 'refused' : 'decoded';
    if (told === 'WRONG') wrong += 1;
    counts.set(`${way}: ${kind}, ${told}`, (counts.get(`${way}: ${kind}, ${told}`) ?? 0) + 1);
  }
}
console.log(`${bodies.length} single frames, seed ${seed}`);
for (const [outcome, count] of [...counts].sort()) console.log(`${String(count).padStart(9)}  ${outcome}`);
process.exitCode = wrong === 0 ? 0 : 1;

async function makeBodies(): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (const entry of BATTERY) if (entry.coding === 'zstd') all.push((await entry.bodies()).at(-1)!);
  const seeds = all.filter(({ length }) => length <= LARGEST_SEED);
  const mutated = Array.from({ length: inputs }, (_, i) => {
    const random = randomOf(seed, i);
    return i % 5 === 0 ? inventBody(random) : mutate(seeds[i % seeds.length]!, random, seeds[random(seeds.length)]!);
  });
  return [...all, ...mutated];
}

/** One frame that the walk finds nothing wrong with: what it refuses, Node 24 may take. */
function isSingleFrame(bytes: Uint8Array): boolean {
  const { frames, problem } = walkZstd(bytes);
  return problem === undefined && frames.length === 1 && frames[0]!.kind === 'frame';
}

function askNode24(list: readonly Uint8Array[]): string[] {
  const input = concatBytes(list.flatMap((bytes) => [new Uint8Array(Uint32Array.of(bytes.length).buffer), bytes]));
  const { stdout, status } = spawnSync('npx', ['--yes', 'node@24', '-e', PEER], { input, maxBuffer: 1e9 });
  if (status !== 0) throw new Error(`Node 24 ended with ${status}`);
  return stdout.toString().trim().split('\n');
}

async function stream(bytes: Uint8Array): Promise<string> {
  const step = createZstdStep(LIMIT);
  const parts = [...(await step.push(bytes)), ...(await step.end())];
  return step.problem === undefined ? sha256Hex(concatBytes(parts)) : 'refused';
}
