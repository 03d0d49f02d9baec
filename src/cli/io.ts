import { Chalk, type ChalkInstance } from 'chalk';

/** Where a command writes, and how. Commands never touch `process` themselves, so that tests can run them in process. */
export interface Io {
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Colours for stdout and for stderr: none in a pipe or under NO_COLOR, forced by FORCE_COLOR. */
  colour: ChalkInstance;
  errorColour: ChalkInstance;
}

function colourFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): ChalkInstance {
  // https://no-color.org: any value that is not empty switches colours off.
  if (env.NO_COLOR) return new Chalk({ level: 0 });
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0';
  return new Chalk({ level: forced || (stream.isTTY && env.TERM !== 'dumb') ? 2 : 0 });
}

/** The real process as an `Io`. */
export function processIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    colour: colourFor(process.stdout, process.env),
    errorColour: colourFor(process.stderr, process.env),
  };
}

/** One line to stdout. */
export function say(io: Io, line = ''): void {
  io.stdout.write(`${line}\n`);
}

/** One line to stderr: progress and remarks, never the result. */
export function remark(io: Io, line = ''): void {
  io.stderr.write(`${line}\n`);
}

/** One JSON value as one line to stdout. */
export function sayJson(io: Io, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value)}\n`);
}
