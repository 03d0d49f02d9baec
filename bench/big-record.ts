import { createRecorder } from '../src/cassette/recorder.ts';
import type { RawHeaders } from '../src/util/types.ts';
import { SHAPES } from './big-shapes.ts';

/**
 * Records made-up exchanges through the recorder, as the proxy would, until there are so many or the cassette has so many bytes;
 * says how long recording and finishing took, and the peak memory. Started by big.ts: PATH SHAPE EXCHANGES BYTES.
 */
const [path = '', shapeName = '', exchanges = '', bytes = ''] = process.argv.slice(2);
const shape = SHAPES[shapeName as keyof typeof SHAPES];

const CLIENT: RawHeaders = ['Host', '127.0.0.1:8787', 'User-Agent', 'bench/1.0', 'Content-Type', 'application/json'];
const UPSTREAM: RawHeaders = ['Host', 'provider.example', 'Content-Type', 'application/json'];
const ANSWER: RawHeaders = ['content-type', 'text/event-stream', 'x-request-id', 'r1'];
const BEGAN = 1_767_322_800_000;

const recorder = await createRecorder({
  path,
  header: {
    format: 1,
    tool: '0.0.0-bench',
    recordedAt: new Date(BEGAN).toISOString(),
    gateway: { name: 'tapedeck' },
    upstream: { url: 'https://provider.example/v1', protocol: 'responses' },
  },
});

/** @returns bytes that it takes in the cassette, about: bodies that are alike are kept once, quotes are escaped */
async function record(n: number): Promise<number> {
  await recorder.room();
  const head = { method: 'POST', httpVersion: '1.1' };
  const passed = { name: 'tapedeck', how: 'passthrough' };
  const body = Buffer.from(shape.request(n));
  const tap = recorder.open({
    startedAt: BEGAN + n,
    seed: `${BEGAN + n}-${n.toString(16).padStart(16, '0')}`,
    protocol: 'responses',
    request: { ...head, url: '/v1/responses', headers: CLIENT },
  });
  tap.clientRequest.data(0, body);
  tap.clientRequest.end({ by: 'client', ms: 0, how: 'complete' });
  const attempt = tap.attempt();
  const url = 'https://provider.example/v1/responses';
  const request = attempt.request(1, { ...head, url, headers: UPSTREAM }, 'responses', passed);
  request.data(1, body);
  request.end({ by: 'tapedeck', ms: 1, how: 'complete' });
  const answer = { status: 200, statusText: 'OK', httpVersion: '1.1', headers: ANSWER };
  const from = attempt.response(2, answer);
  const to = tap.clientResponse(2, answer, passed);
  let size = 2200 + body.length * 1.1;
  for (const read of shape.answer(n)) {
    const chunk = Buffer.from(read);
    from.data(3, chunk);
    to.data(3, chunk);
    size += chunk.length * 1.25 + 20;
  }
  const end = { by: 'upstream', ms: 4, how: 'complete' } as const;
  from.end(end);
  to.end({ ...end, by: 'tapedeck' });
  attempt.close('complete', end);
  tap.close('complete', end);
  return size * 0.9;
}

const began = performance.now();
let count = 0;
for (let size = 0; count < Number(exchanges) && size < Number(bytes); count++) {
  size += await record(count);
  // The recorder works between the turns of the event loop.
  if (count % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
}
const recorded = performance.now();
const recording = process.resourceUsage().maxRSS;
const summary = await recorder.close();
process.send?.({
  exchanges: summary.exchanges,
  bytes: summary.bytes,
  recordMs: recorded - began,
  finishMs: performance.now() - recorded,
  recordMib: recording / 1024,
  finishMib: process.resourceUsage().maxRSS / 1024,
});
process.disconnect?.();
