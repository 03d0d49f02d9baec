import { Readable, Writable } from 'node:stream';
import { Chalk } from 'chalk';
import type { Io } from '../../src/cli/io.ts';

/** An `Io` without a terminal that keeps what is written. */
export interface CapturedIo extends Io {
  out(): string;
  /** Exactly the bytes of stdout. */
  outBytes(): Buffer;
  err(): string;
}

export interface CaptureOptions {
  columns?: number;
  /** stdout says that it is a terminal. */
  isTTY?: boolean;
  /** Level of chalk; 0, the default, writes no colours. */
  colourLevel?: 0 | 1 | 2 | 3;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  stdin?: string | Uint8Array;
}

/** Makes one. */
export function captureIo(options: CaptureOptions = {}): CapturedIo {
  const stdout = capture(options.columns);
  if (options.isTTY) Object.assign(stdout.stream, { isTTY: true });
  const stderr = capture(options.columns);
  const colour = new Chalk({ level: options.colourLevel ?? 0 });
  return {
    stdout: stdout.stream,
    stderr: stderr.stream,
    stdin: Readable.from(options.stdin === undefined ? [] : [options.stdin]),
    env: options.env ?? {},
    cwd: options.cwd ?? '.',
    colour,
    errorColour: colour,
    out: () => stdout.bytes().toString('utf8'),
    outBytes: stdout.bytes,
    err: () => stderr.bytes().toString('utf8'),
  };
}

function capture(columns: number | undefined): { stream: Writable & { columns?: number }; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const stream: Writable & { columns?: number } = new Writable({
    write(chunk: Buffer | string, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  if (columns !== undefined) stream.columns = columns;
  return { stream, bytes: () => Buffer.concat(chunks) };
}
