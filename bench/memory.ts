import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openCassette } from '../src/cassette/store.ts';
import { DIST, PEERS, type Peer } from './peers.ts';
import { end, HAS_PROC, memoryOf, nextMessage, runLoad, type Started, startScript } from './processes.ts';

/**
 * Does recording need more memory the longer it runs? Sends small exchanges in ten parts through `tapedeck record`, reads
 * the resident memory after each, ends the recording and counts what is in the cassette.
 * Options: --exchanges N (100000), --dist DIR.
 */
const { values: flags } = parseArgs({
  options: { exchanges: { type: 'string', default: '100000' }, dist: { type: 'string', default: DIST } },
});

/** The first parts fill pools and let the compiler work; from there on memory has to stay. */
const WARM_PARTS = 3;
/** An allowance for when the garbage collector last ran, and the few bytes that every exchange may leave (its place in the index). */
const ALLOWED = { share: 1.25, mib: 32 };

/** Ends the recording, which makes the journal a cassette. */
async function finish(recording: Started): Promise<{ seconds: number; peak: number }> {
  let peak = 0;
  const watching = setInterval(() => {
    if (recording.child.exitCode === null) peak = Math.max(peak, memoryOf(recording.pid).now);
  }, 100);
  const before = performance.now();
  await end(recording, 'SIGTERM');
  clearInterval(watching);
  return { seconds: (performance.now() - before) / 1000, peak };
}

/** Complete exchanges in a cassette. */
async function countExchanges(path: string): Promise<number> {
  const cassette = await openCassette(path);
  let count = 0;
  for await (const { _side, _outcome } of cassette.entries()) {
    if (_side === 'client' && _outcome === 'complete') count += 1;
  }
  await cassette.close();
  return count;
}

async function run(folder: string): Promise<boolean> {
  const total = Number(flags.exchanges);
  const provider = startScript('stub.ts');
  const { port: upstreamPort } = await nextMessage<{ port: number }>(provider);
  const generator = startScript('load.ts');
  const peer = (await PEERS['tapedeck record']!({ upstreamPort, folder, dist: flags.dist })) as Peer;
  const recording = peer.process!;
  const parts: number[] = [];
  let errors = 0;
  for (let part = 1; part <= 10; part++) {
    const requests = Math.round((total * part) / 10) - Math.round((total * (part - 1)) / 10);
    const result = await runLoad(generator, {
      port: peer.port,
      connections: 32,
      requests,
      body: 'small',
      target: 'json',
    });
    errors += result.errors;
    const { now, peak } = memoryOf(recording.pid);
    parts.push(now);
    const done = Math.round((total * part) / 10);
    console.log(
      `${done} exchanges: ${now.toFixed(0)} MiB (peak ${peak.toFixed(0)}), ${Math.round((result.requests * 1000) / result.ms)}/s`,
    );
  }
  const { seconds, peak: finishing } = await finish(recording);
  await end(generator);
  await end(provider);
  const kept = await countExchanges(join(folder, 'bench.har'));
  console.log(
    `finished in ${seconds.toFixed(1)} s with at most ${finishing.toFixed(0)} MiB; ${kept} exchanges in the cassette, ${errors} wrong answers`,
  );
  const settled = Math.max(...parts.slice(0, WARM_PARTS));
  const flat = !HAS_PROC || Math.max(...parts) <= settled * ALLOWED.share + ALLOWED.mib;
  console.log(flat ? 'memory is flat' : 'memory grows');
  return flat && kept === total && errors === 0;
}

const folder = mkdtempSync(join(tmpdir(), 'tapedeck-memory-'));
try {
  if (!(await run(folder))) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
