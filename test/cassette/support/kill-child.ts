import { writeSync } from 'node:fs';
import { createRecorder } from '../../../src/cassette/recorder.ts';
import type { ExchangeTap, MessageTap } from '../../../src/cassette/tap.ts';
import { encodeBody } from '../../../src/decode/body.ts';

/**
 * A recording under load, for a parent that will kill it. It says what it is about to tell the recorder, and when, one line
 * each: `open N T`, `chunk N K T`, `close N T`, and `alive T` when nothing else is to be said. N counts from 1 as `_seq`.
 */

const [path = '', header = '{}', seed = '1', ownThread = 'false'] = process.argv.slice(2);
const CHUNKS = 12;
const STREAMS = 8;

interface Running {
  n: number;
  tap: ExchangeTap;
  answer: MessageTap;
  chunks: number;
}

let state = Number(seed);
/** A small generator (Lehmer), so that a seed gives the same load again. */
function random(below: number): number {
  state = (state * 48271) % 2147483647;
  return state % below;
}

function say(...words: (string | number)[]): void {
  writeSync(1, `${[...words, Date.now()].join(' ')}\n`);
}

const recorder = await createRecorder({ path, header: JSON.parse(header), ownThread: ownThread === 'true' });
const running: Running[] = [];
let opened = 0;

async function open(): Promise<void> {
  opened += 1;
  const n = opened;
  const coded = n % 2 === 1;
  const text = Buffer.from(JSON.stringify({ n, input: 'x'.repeat(random(3000)) }));
  const body = coded ? await encodeBody(text, ['zstd']) : text;
  const headers = ['Host', '127.0.0.1:1', 'Content-Type', 'application/json'];
  if (coded) headers.push('Content-Encoding', 'zstd');
  say('open', n);
  const request = { method: 'POST', url: '/v1/responses', httpVersion: '1.1', headers };
  const tap = recorder.open({ startedAt: 1, seed: '1-0123456789abcdef', protocol: 'responses', request });
  tap.clientRequest.data(1, body);
  tap.clientRequest.end({ by: 'client', ms: 1, how: 'complete' });
  const head = { status: 200, statusText: 'OK', httpVersion: '1.1', headers: ['Content-Type', 'text/event-stream'] };
  running.push({ n, tap, answer: tap.clientResponse(2, head, { name: 'tapedeck' }), chunks: 0 });
}

function step(one: Running): void {
  if (one.chunks < CHUNKS) {
    one.chunks += 1;
    say('chunk', one.n, one.chunks);
    one.answer.data(one.chunks, Buffer.from(`data: {"n":${one.n},"k":${one.chunks}}\n\n`));
    return;
  }
  running.splice(running.indexOf(one), 1);
  say('close', one.n);
  one.answer.end({ by: 'upstream', ms: 99, how: 'complete' });
  one.tap.close('complete', { by: 'upstream', ms: 99, how: 'complete' });
}

for (;;) {
  // Opening waits for the encoder, so that numbers are given one after the other.
  if (running.length < STREAMS) await open();
  for (let steps = random(4); steps > 0; steps--) step(running[random(running.length)]!);
  say('alive');
  await new Promise((resolve) => setTimeout(resolve, random(8)));
}
