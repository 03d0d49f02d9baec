import { concatBytes } from '../../src/util/bytes.ts';
import { block, frameHeader } from '../decode/zstd/frames.ts';

type Random = (below: number) => number;

/** Bytes at which decoders branch. */
const EDGES = [0, 1, 2, 0x1f, 0x20, 0x3f, 0x7f, 0x80, 0x81, 0xfd, 0xfe, 0xff];
const LONGEST = 8192;

const MUTATIONS: readonly ((bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array)[] = [
  (bytes, random) => change(bytes, random, (byte) => byte ^ (1 << random(8))),
  (bytes, random) => change(bytes, random, () => random(256)),
  (bytes, random) => change(bytes, random, () => EDGES[random(EDGES.length)]!),
  (bytes, random) => bytes.subarray(0, random(bytes.length + 1)),
  (bytes, random) => remove(bytes, random),
  (bytes, random) => insert(bytes, random, randomBytes(random, 1 + random(8))),
  (bytes, random, other) => concatBytes([bytes.subarray(0, random(bytes.length + 1)), other]),
  (bytes, random, other) => insert(bytes, random, other.subarray(random(other.length + 1)).subarray(0, 64)),
  (bytes, random) => concatBytes([bytes, randomBytes(random, 1 + random(16))]),
];

/** A body near `bytes`: mostly one mutation of it, and up to four. */
export function mutate(bytes: Uint8Array, random: Random, other: Uint8Array, longest = LONGEST): Uint8Array {
  let mutated = bytes;
  for (let left = random(3) === 0 ? 1 + random(4) : 1; left > 0; left--) {
    mutated = MUTATIONS[random(MUTATIONS.length)]!(mutated, random, other);
  }
  return mutated.subarray(0, longest);
}

/** A body of nothing known: random bytes, or random content in frames and blocks whose headers are sound. */
export function inventBody(random: Random): Uint8Array {
  if (random(4) === 0) return randomBytes(random, random(200));
  const content = randomBytes(random, 2 + random(80));
  const blocks = [block('compressed', content.length, [...content], true)];
  if (random(3) === 0) blocks.unshift(block('rle', random(3000), [random(256)]));
  const checksum = random(8) === 0;
  const header = frameHeader({ window: 0x08 + random(0x60), checksum });
  return concatBytes([header, ...blocks, randomBytes(random, checksum ? 4 : 0)]);
}

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256));
}

function change(bytes: Uint8Array, random: Random, to: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const changed = Uint8Array.from(bytes);
  // Headers and tables stand in front: half of the changes go there.
  const at = random(2) === 0 ? random(Math.min(bytes.length, 48)) : random(bytes.length);
  changed[at] = to(bytes[at]!);
  return changed;
}

function remove(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random(bytes.length + 1);
  return concatBytes([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))]);
}

function insert(bytes: Uint8Array, random: Random, what: Uint8Array): Uint8Array {
  const at = random(bytes.length + 1);
  return concatBytes([bytes.subarray(0, at), what, bytes.subarray(at)]);
}
