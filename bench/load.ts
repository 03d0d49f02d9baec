import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { MessageReader } from './framing.ts';
import { quantile } from './statistics.ts';
import {
  CODEX_REQUEST,
  EVENT_BYTES,
  requestBytes,
  SMALL_ANSWER,
  SMALL_REQUEST,
  STREAM_EVENTS,
  type Target,
} from './traffic.ts';

/** One measurement: as many connections, each with one request after the other, until the time or the requests are over. */
export interface LoadJob {
  port: number;
  connections: number;
  /** Milliseconds. */
  forMs?: number;
  requests?: number;
  body: 'small' | 'codex';
  target: Exclude<Target, 'endless'>;
}

export interface LoadResult {
  requests: number;
  events: number;
  /** Answers of another status or length than was asked for, and connections that broke. */
  errors: number;
  /** Of the measurement. */
  ms: number;
  /** Milliseconds from the request's write to the answer's last byte. */
  p50: number;
  p99: number;
}

const BODIES = { small: SMALL_REQUEST, codex: CODEX_REQUEST };
const ANSWER_BYTES = { json: Buffer.byteLength(SMALL_ANSWER), stream: STREAM_EVENTS * EVENT_BYTES };

async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** Runs one measurement; connections are opened before the clock starts. */
async function runLoad(job: LoadJob): Promise<LoadResult> {
  const bytes = requestBytes(job.target, BODIES[job.body]);
  const expected = ANSWER_BYTES[job.target];
  const sockets = await Promise.all(Array.from({ length: job.connections }, () => openSocket(job.port)));
  const latencies: number[] = [];
  const readers: MessageReader[] = [];
  let begun = 0;
  let errors = 0;
  const zero = performance.now();
  const last = job.requests ?? Number.POSITIVE_INFINITY;
  const over = () => begun >= last || performance.now() - zero >= (job.forMs ?? Number.POSITIVE_INFINITY);

  const drive = (socket: Socket) =>
    new Promise<void>((resolve) => {
      let sentAt = 0;
      let ok = true;
      const fail = () => {
        errors += 1;
        resolve();
      };
      const send = () => {
        begun += 1;
        sentAt = performance.now();
        socket.write(bytes);
      };
      const reader = new MessageReader({
        onHead(head) {
          ok = head.startsWith('HTTP/1.1 200');
        },
        onEnd(length) {
          latencies.push(performance.now() - sentAt);
          if (!ok || length !== expected) errors += 1;
          if (over()) {
            socket.removeListener('close', fail);
            resolve();
          } else send();
        },
      });
      readers.push(reader);
      socket.on('data', (chunk) => reader.push(chunk));
      socket.on('error', () => {});
      socket.on('close', fail);
      send();
    });
  await Promise.all(sockets.map(drive));
  const ms = performance.now() - zero;
  for (const socket of sockets) socket.destroy();
  const received = readers.reduce((sum, reader) => sum + reader.bytes, 0);
  return {
    requests: latencies.length,
    events: job.target === 'stream' ? Math.floor(received / EVENT_BYTES) : 0,
    errors,
    ms,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

process.on('message', (job: LoadJob) => {
  runLoad(job).then(
    (result) => process.send?.(result),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
process.on('disconnect', () => process.exit());
