import { Buffer } from 'node:buffer';

/**
 * Traffic of which every byte follows from a seed, so that whoever knows the seed can say what must have come. Words are
 * short and small, so that nothing in them looks like a secret; some letters take several bytes.
 */

const WORDS = ['stream', 'of', 'bytes', 'with', 'a', 'seed', 'über', 'naïve', '数', '🎞', '\\n', 'done'];

/** Events a second of one stream. */
export const EVENTS_PER_SECOND = 20;

/** A small generator (Lehmer): the same seed, the same numbers. */
function createRandom(seed: number): (below: number) => number {
  let state = (seed % 2147483646) + 1;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

function words(random: (below: number) => number, count: number): string {
  return Array.from({ length: count }, () => WORDS[random(WORDS.length)]).join(' ');
}

/** The events of a stream, one after the other: 150 bytes to 2 KB each. */
export function* soakEvents(seed: number, count: number): Generator<Buffer> {
  const random = createRandom(seed);
  for (let n = 0; n < count; n++) {
    const delta = words(random, random(20) === 0 ? 300 : 1 + random(12));
    yield Buffer.from(
      `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":${n},"item_id":"m${seed}","delta":"${delta}"}\n\n`,
    );
  }
  yield Buffer.from(`event: response.completed\ndata: {"type":"response.completed","sequence_number":${count}}\n\n`);
}

/** The request that asks for a stream; it says which one. */
export function soakRequest(seed: number, events: number): Buffer {
  const input = words(createRandom(seed + 1), 200);
  return Buffer.from(JSON.stringify({ model: 'soak', seed, events, stream: true, input }).replaceAll('\\\\n', '\\n'));
}

/** What a request asks for. */
export function readSoakRequest(text: string): { seed: number; events: number } {
  const { seed, events } = JSON.parse(text) as { seed: number; events: number };
  return { seed, events };
}
