import { PassThrough } from 'node:stream';
import { Chalk } from 'chalk';
import type { Io } from '../../src/cli/io.ts';

export interface CapturedIo extends Io {
  /** What was written so far. */
  out(): string;
  err(): string;
}

/** An `Io` that keeps what is written and is no terminal. */
export function captureIo(overrides: Partial<Pick<Io, 'env' | 'cwd'>> & { stdin?: string } = {}): CapturedIo {
  const text = { out: '', err: '' };
  const stream = (key: 'out' | 'err') => {
    const sink = new PassThrough();
    sink.on('data', (chunk: Buffer) => {
      text[key] += chunk.toString();
    });
    return sink;
  };
  const stdin = new PassThrough();
  stdin.end(overrides.stdin ?? '');
  const plain = new Chalk({ level: 0 });
  return {
    stdout: stream('out'),
    stderr: stream('err'),
    stdin,
    env: overrides.env ?? {},
    cwd: overrides.cwd ?? process.cwd(),
    colour: plain,
    errorColour: plain,
    out: () => text.out,
    err: () => text.err,
  };
}
