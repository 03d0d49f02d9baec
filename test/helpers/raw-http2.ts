import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';

/** Frame types and flags of RFC 9113 section 6. */
const TYPES = { data: 0, headers: 1, rstStream: 3, settings: 4, ping: 6, goaway: 7, continuation: 9 } as const;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const PREFACE_BYTES = 24;
/** The largest frame unless settings say otherwise. */
const FRAME_BYTES = 16_384;
/** `:status: 200` in HPACK's static table. */
const STATUS_200 = Buffer.from([0x88]);

interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

/** One connection with a client, of which a test writes every frame but the acknowledgements. */
export interface RawHttp2Connection {
  /** Resolves with the id of the next stream that the client has opened and ended. */
  request(): Promise<number>;
  /** The head of an answer with status 200 and nothing else. */
  head(stream: number): void;
  /** A head with so many fields of 10,000 bytes. */
  largeHead(stream: number, fields: number): void;
  data(stream: number, text: string, end?: boolean): void;
  sendReset(stream: number, code: number): void;
  goaway(lastStream: number, code: number): void;
  socket: TLSSocket;
  /** Resolves with the code by which the client resets that stream. */
  reset(stream: number): Promise<number>;
  closed: Promise<unknown>;
}

export interface RawHttp2Server {
  url: string;
  accept(): Promise<RawHttp2Connection>;
  close(): Promise<void>;
}

const pem = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url));

/** An HTTP/2 server that says what a test lets it say: node's own always ends a stream in order before it resets it. */
export async function rawHttp2Server(): Promise<RawHttp2Server> {
  const arrived = queue<RawHttp2Connection>();
  const sockets = new Set<TLSSocket>();
  const server = createServer({ cert: pem('server.pem'), key: pem('server.key'), ALPNProtocols: ['h2'] }, (socket) => {
    sockets.add(socket);
    arrived.put(connectionOn(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/v1`,
    accept: arrived.take,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function connectionOn(socket: TLSSocket): RawHttp2Connection {
  const requests = queue<number>();
  const resets = new Map<number, ReturnType<typeof queue<number>>>();
  const resetsOf = (stream: number) => {
    const found = resets.get(stream) ?? queue<number>();
    resets.set(stream, found);
    return found;
  };
  const closed = once(socket, 'close');
  const write = (type: number, flags: number, stream: number, payload: Buffer): void => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    socket.write(Buffer.concat([head, payload]));
  };
  const take = ({ type, flags, stream, payload }: Frame): void => {
    if (type === TYPES.settings && !(flags & ACK)) write(TYPES.settings, ACK, 0, Buffer.alloc(0));
    if (type === TYPES.ping && !(flags & ACK)) write(TYPES.ping, ACK, 0, payload);
    if (type === TYPES.rstStream) resetsOf(stream).put(payload.readUInt32BE());
    if ((type === TYPES.data || type === TYPES.headers) && flags & END_STREAM) requests.put(stream);
  };
  socket.on('error', () => {});
  let rest = Buffer.alloc(0);
  let preface = PREFACE_BYTES;
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    if (rest.length < preface) return;
    rest = rest.subarray(preface);
    preface = 0;
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      const stream = rest.readUInt32BE(5) & 0x7fffffff;
      take({ type: rest[3]!, flags: rest[4]!, stream, payload: rest.subarray(9, end) });
      rest = rest.subarray(end);
    }
  });
  write(TYPES.settings, 0, 0, Buffer.alloc(0));
  return {
    socket,
    reset: (stream) => resetsOf(stream).take(),
    closed,
    request: requests.take,
    head: (stream) => write(TYPES.headers, END_HEADERS, stream, STATUS_200),
    largeHead(stream, fields) {
      const large = field('x-large', 'x'.repeat(10_000));
      const block = Buffer.concat([STATUS_200, ...Array.from({ length: fields }, () => large)]);
      for (let i = 0; i < block.length; i += FRAME_BYTES) {
        const flags = i + FRAME_BYTES < block.length ? 0 : END_HEADERS;
        write(i === 0 ? TYPES.headers : TYPES.continuation, flags, stream, block.subarray(i, i + FRAME_BYTES));
      }
    },
    data: (stream, text, end = false) => write(TYPES.data, end ? END_STREAM : 0, stream, Buffer.from(text)),
    sendReset: (stream, code) => write(TYPES.rstStream, 0, stream, words(code)),
    goaway: (lastStream, code) => write(TYPES.goaway, 0, 0, words(lastStream, code)),
  };
}

/** A literal field that is not indexed (RFC 7541 section 6.2.2), its length as section 5.1 has it. */
function field(name: string, value: string): Buffer {
  const length = [127];
  let rest = value.length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  length.push(rest);
  return Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from(length), Buffer.from(value)]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value, i * 4);
  });
  return bytes;
}

function queue<T>(): { put(value: T): void; take(): Promise<T> } {
  const values: T[] = [];
  const takers: ((value: T) => void)[] = [];
  return {
    put(value) {
      const taker = takers.shift();
      if (taker) taker(value);
      else values.push(value);
    },
    take: () =>
      values.length > 0 ? Promise.resolve(values.shift() as T) : new Promise((resolve) => takers.push(resolve)),
  };
}
