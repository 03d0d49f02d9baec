import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openCassette } from '../src/cassette/store.ts';
import { DIST, PEERS, type Peer } from './peers.ts';
import { end, memoryOf, nextMessage, runLoad, type Started, startScript } from './processes.ts';
import { requestBytes, SMALL_REQUEST } from './traffic.ts';

/**
 * Do clients that go away leave anything behind? Clients start endless streams through `tapedeck record` and drop the
 * connection in the middle, half of them with a reset. Afterwards the provider must have no connection of a stream left, the proxy must
 * still answer, and the cassette must call every exchange `client-aborted`.
 * Options: --clients N (1000), --at-once N (100), --dist DIR.
 */
const { values: flags } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    'at-once': { type: 'string', default: '100' },
    dist: { type: 'string', default: DIST },
  },
});

/** How long the last aborts may take to get through. */
const PATIENCE_MS = 10_000;

async function openSockets(provider: Started): Promise<number> {
  const answered = nextMessage<{ sockets: number }>(provider);
  provider.child.send('sockets');
  return (await answered).sockets;
}

/** Reads some of a stream, then goes away. */
async function dropMidStream(port: number, bytes: Buffer, reset: boolean): Promise<void> {
  const socket: Socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.write(bytes);
  let seen = 0;
  while (seen < 2000) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    seen += chunk.length;
  }
  if (reset) socket.resetAndDestroy();
  else socket.destroy();
}

async function run(folder: string): Promise<boolean> {
  const clients = Number(flags.clients);
  const provider = startScript('stub.ts');
  const { port: upstreamPort } = await nextMessage<{ port: number }>(provider);
  const peer = (await PEERS['tapedeck record']!({ upstreamPort, folder, dist: flags.dist })) as Peer;
  const recording = peer.process!;
  const bytes = requestBytes('endless', SMALL_REQUEST);
  let begun = 0;
  const worker = async () => {
    while (begun < clients) {
      begun += 1;
      await dropMidStream(peer.port, bytes, begun % 2 === 0);
    }
  };
  await Promise.all(Array.from({ length: Number(flags['at-once']) }, worker));
  const deadline = performance.now() + PATIENCE_MS;
  let left = await openSockets(provider);
  while (left > 0 && performance.now() < deadline) {
    await wait(50);
    left = await openSockets(provider);
  }
  const { now, peak } = memoryOf(recording.pid);
  const generator = startScript('load.ts');
  const after = await runLoad(generator, {
    port: peer.port,
    connections: 8,
    requests: 80,
    body: 'small',
    target: 'json',
  });
  await end(generator);
  await end(recording, 'SIGTERM');
  await end(provider);
  const outcomes: Record<string, number> = {};
  const cassette = await openCassette(join(folder, 'bench.har'));
  for await (const { _side, _outcome } of cassette.entries()) {
    if (_side === 'client') outcomes[_outcome] = (outcomes[_outcome] ?? 0) + 1;
  }
  await cassette.close();
  console.log(`${clients} clients dropped their stream; ${left} connections to the provider are left`);
  console.log(
    `afterwards ${after.requests} requests, ${after.errors} wrong answers; ${now.toFixed(0)} MiB (peak ${peak.toFixed(0)})`,
  );
  console.log(`in the cassette: ${JSON.stringify(outcomes)}`);
  return (
    left === 0 && after.errors === 0 && outcomes['client-aborted'] === clients && outcomes.complete === after.requests
  );
}

const folder = mkdtempSync(join(tmpdir(), 'tapedeck-abort-'));
try {
  if (!(await run(folder))) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
