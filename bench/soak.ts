import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { legOf, type RecordedExchange } from '../src/cassette/legs.ts';
import { openCassette } from '../src/cassette/store.ts';
import { DIST, PEERS, type Peer } from './peers.ts';
import { cpuMicros, end, HAS_PROC, memoryOf, nextMessage, startScript } from './processes.ts';
import { EVENTS_PER_SECOND, readSoakRequest, soakEvents, soakRequest } from './soak-stream.ts';

/**
 * Does a recording hold for long under many streams? Runs so many streams at once through `tapedeck record`, half of them for the
 * whole time and half of them one after the other, 1 to 20 s each. Every byte follows from the stream's seed: it is checked where the
 * client reads it, and afterwards, on both sides, in the cassette. Memory must stay.
 * Options: --minutes N (5, up to 60), --streams N (200, up to 1000), --dist DIR.
 */
const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    streams: { type: 'string', default: '200' },
    dist: { type: 'string', default: DIST },
  },
});

const MINUTES = bounded('minutes', flags.minutes, 60);
const STREAMS = bounded('streams', flags.streams, 1000);
/** A stream that is silent for so long hangs. */
const SILENCE_MS = 30_000;
/** The first parts fill pools and let the compiler work; from there on memory has to stay. */
const PARTS = 10;
const WARM_PARTS = 3;
/** As in memory.ts: for when the garbage collector last ran, and the few bytes that every exchange may leave. */
const ALLOWED = { share: 1.25, mib: 32 };

function bounded(name: string, text: string, most: number): number {
  const value = Number(text);
  if (value > 0 && value <= most) return value;
  throw new Error(`--${name} takes a number up to ${most}`);
}

interface Tally {
  streams: number;
  bytes: number;
  errors: string[];
}

/** Reads one stream and compares it as it comes; resolves with what is wrong, or with its bytes. */
function readStream(port: number, agent: Agent, seed: number, events: number): Promise<number | string> {
  return new Promise((resolve) => {
    const body = soakRequest(seed, events);
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const asked = request({ port, host: '127.0.0.1', agent, method: 'POST', path: '/v1/responses', headers });
    const wrong = (what: string) => {
      resolve(`stream ${seed}: ${what}`);
      asked.destroy();
    };
    asked.setTimeout(SILENCE_MS, () => wrong('silence'));
    asked.on('error', (error) => wrong(error.message));
    asked.on('response', (response) => {
      if (response.statusCode !== 200) wrong(`status ${response.statusCode}`);
      const expected = soakEvents(seed, events);
      let rest: Buffer = Buffer.alloc(0);
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        while (rest.length < chunk.length) {
          const { value, done } = expected.next();
          if (done) return wrong(`more than was sent, after byte ${bytes}`);
          rest = Buffer.concat([rest, value]);
        }
        if (!rest.subarray(0, chunk.length).equals(chunk)) wrong(`other bytes after byte ${bytes}`);
        rest = rest.subarray(chunk.length);
        bytes += chunk.length;
      });
      response.on('error', (error) => wrong(error.message));
      response.on('end', () => {
        if (rest.length > 0 || !expected.next().done) wrong(`ended after ${bytes} bytes`);
        resolve(bytes);
      });
    });
    asked.end(body);
  });
}

/** One of the streams that run at once: a long one, or short ones until the time is over. */
async function keepStreaming(port: number, agent: Agent, index: number, until: number, tally: Tally): Promise<void> {
  for (let n = 0; performance.now() < until; n++) {
    const left = Math.ceil(((until - performance.now()) * EVENTS_PER_SECOND) / 1000);
    const seed = index * 100_000 + n;
    const events = index % 2 === 0 ? left : Math.min(left, EVENTS_PER_SECOND * (1 + ((seed * 7919) % 20)));
    const got = await readStream(port, agent, seed, Math.max(1, events));
    tally.streams += 1;
    if (typeof got === 'number') tally.bytes += got;
    else tally.errors.push(got);
  }
}

/** What the cassette holds of the streams: both sides of every exchange, byte for byte. */
async function checkCassette(path: string): Promise<Tally> {
  const tally: Tally = { streams: 0, bytes: 0, errors: [] };
  const seen = new Set<number>();
  const cassette = await openCassette(path, { pristine: true });
  try {
    for await (const exchange of cassette.exchanges()) {
      const { seed, events } = readSoakRequest(legOf(exchange, 'client-request')?.body?.text ?? '{}');
      const faults = faultsOf(exchange, soakRequest(seed, events), Buffer.concat([...soakEvents(seed, events)]));
      if (seen.has(seed)) faults.push('there twice');
      seen.add(seed);
      tally.streams += 1;
      tally.bytes += legOf(exchange, 'client-response')?.body?.decoded?.length ?? 0;
      for (const fault of faults) tally.errors.push(`cassette, ${exchange.id}, stream ${seed}: ${fault}`);
    }
  } finally {
    await cassette.close();
  }
  return tally;
}

function faultsOf(exchange: RecordedExchange, sent: Buffer, answered: Buffer): string[] {
  const faults: string[] = exchange.outcome === 'complete' ? [] : [`outcome ${exchange.outcome}`];
  for (const name of ['client-request', 'upstream-request', 'upstream-response', 'client-response'] as const) {
    const body = legOf(exchange, name, 1)?.body;
    const joined = Buffer.concat(body?.chunks.map(({ data }) => data) ?? []);
    if (!joined.equals(name.endsWith('request') ? sent : answered)) faults.push(`${name} differs`);
  }
  return faults;
}

/** Resident memory over the time, in equal parts: the highest of each. */
function watchMemory(pid: number, ms: number): { parts: number[]; stop(): void } {
  const parts: number[] = [];
  const begun = performance.now();
  const timer = setInterval(() => {
    const part = Math.min(PARTS - 1, Math.floor(((performance.now() - begun) * PARTS) / ms));
    parts[part] = Math.max(parts[part] ?? 0, memoryOf(pid).now);
  }, 250);
  return { parts, stop: () => clearInterval(timer) };
}

async function run(folder: string): Promise<boolean> {
  const provider = startScript('soak-upstream.ts');
  const { port: upstreamPort } = await nextMessage<{ port: number }>(provider);
  const peer = (await PEERS['tapedeck record']!({ upstreamPort, folder, dist: flags.dist })) as Peer;
  const recording = peer.process!;
  const ms = MINUTES * 60_000;
  const agent = new Agent({ keepAlive: true });
  const tally: Tally = { streams: 0, bytes: 0, errors: [] };
  const memory = watchMemory(recording.pid, ms);
  const until = performance.now() + ms;
  await Promise.all(Array.from({ length: STREAMS }, (_, i) => keepStreaming(peer.port, agent, i, until, tally)));
  memory.stop();
  const cpu = cpuMicros(recording.pid) / 1000 / (performance.now() - until + ms);
  agent.destroy();
  const answered = nextMessage<{ bytes: number; streams: number }>(provider);
  provider.child.send('told');
  const sent = await answered;
  const before = performance.now();
  await end(recording, 'SIGTERM');
  const finished = ((performance.now() - before) / 1000).toFixed(1);
  await end(provider);
  const kept = await checkCassette(join(folder, 'bench.har'));
  const errors = [...tally.errors, ...kept.errors];
  if (recording.child.exitCode !== 0) errors.push(`tapedeck record ended with ${recording.child.exitCode}`);
  if (sent.streams > 0) errors.push(`${sent.streams} streams are still open at the provider`);
  const settled = Math.max(...memory.parts.slice(0, WARM_PARTS));
  const flat = !HAS_PROC || Math.max(...memory.parts) <= settled * ALLOWED.share + ALLOWED.mib;
  console.log(`| ${STREAMS} streams at once, ${MINUTES} min | streams | bytes |`);
  console.log('|---|---|---|');
  console.log(`| the provider sent | | ${sent.bytes} |`);
  console.log(`| the clients read | ${tally.streams} | ${tally.bytes} |`);
  console.log(`| the cassette holds | ${kept.streams} | ${kept.bytes} |`);
  console.log(`memory by tenths of the time: ${memory.parts.map((mib) => mib.toFixed(0)).join(' ')} MiB`);
  console.log(`${(cpu * 100).toFixed(0)} % of one processor; the cassette was ready after ${finished} s`);
  for (const error of errors.slice(0, 20)) console.log(error);
  console.log(`${errors.length} errors; memory ${flat ? 'is flat' : 'grows'}`);
  const equal = sent.bytes === tally.bytes && kept.bytes === tally.bytes && kept.streams === tally.streams;
  console.log(equal ? 'every byte is accounted for' : 'bytes are missing');
  return errors.length === 0 && flat && equal;
}

const folder = mkdtempSync(join(tmpdir(), 'tapedeck-soak-'));
try {
  if (!(await run(folder))) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
