import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { MessageReader } from './framing.ts';
import { quantile } from './statistics.ts';
import {
  EVENT_BYTES,
  isWholeAnswer,
  type RequestSize,
  requestBody,
  requestBytes,
  SMALL_ANSWER,
  STREAM_EVENTS,
  TARGETS,
  type Target,
} from './traffic.ts';

/** One measurement: as many connections, each with one request after the other, until the time or the requests are over. */
export interface LoadJob {
  port: number;
  connections: number;
  /** Milliseconds. */
  forMs?: number;
  requests?: number;
  body: RequestSize;
  target: Exclude<Target, 'endless'>;
  /** The answers are not the provider's own bytes: one is read before, to know what they look like. */
  translated?: boolean;
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

const ANSWER_BYTES = { json: Buffer.byteLength(SMALL_ANSWER), stream: STREAM_EVENTS * EVENT_BYTES };

async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** Bytes of a translated answer, by the job: all are equally long, so that their length tells right ones from wrong ones. */
const learnt = new Map<string, number>();

async function learnLength({ port, body, target }: LoadJob): Promise<number> {
  const key = `${port} ${body} ${target}`;
  let length = learnt.get(key);
  if (length === undefined) {
    const headers = { 'content-type': 'application/json' };
    const request = { method: 'POST', headers, body: requestBody(body, target) };
    const answer = await fetch(`http://127.0.0.1:${port}${TARGETS[target]}`, request);
    const text = await answer.text();
    if (!isWholeAnswer(target, text)) throw new Error(`a translated answer is wrong: ${answer.status} ${text}`);
    length = Buffer.byteLength(text);
    learnt.set(key, length);
  }
  return length;
}

/** Runs one measurement; connections are opened before the clock starts. */
async function runLoad(job: LoadJob): Promise<LoadResult> {
  const bytes = requestBytes(job.target, requestBody(job.body, job.target));
  const expected = job.translated ? await learnLength(job) : ANSWER_BYTES[job.target];
  const sockets = await Promise.all(Array.from({ length: job.connections }, () => openSocket(job.port)));
  const latencies: number[] = [];
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
      socket.on('data', (chunk) => reader.push(chunk));
      socket.on('error', () => {});
      socket.on('close', fail);
      send();
    });
  await Promise.all(sockets.map(drive));
  const ms = performance.now() - zero;
  for (const socket of sockets) socket.destroy();
  return {
    requests: latencies.length,
    // The provider's: whole streams, since each that began was read to its end.
    events: job.target === 'stream' ? latencies.length * STREAM_EVENTS : 0,
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
