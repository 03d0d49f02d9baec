import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../src/cli/index.ts', import.meta.url));
const TSX = import.meta.resolve('tsx');

export interface CliRun {
  child: ChildProcess;
  out(): string;
  err(): string;
  /** Resolves with the base URL once the listening line is there; rejects when the command ends before. */
  listening: Promise<{ url: string; port: number }>;
  /** Exit code, or the signal's name. */
  exit: Promise<number | string>;
}

/** Runs the real command line from source in a process of its own. */
export function startCli(
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv; stdin?: string },
): CliRun {
  const child = spawn(process.execPath, ['--import', TSX, ENTRY, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, HOME: options.cwd, NO_COLOR: '1', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(options.stdin ?? '');
  let out = '';
  let err = '';
  const exit = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? -1));
  });
  const listening = new Promise<{ url: string; port: number }>((resolve, reject) => {
    const check = () => {
      const url = /listening on (http:\S+)\n/.exec(err)?.[1];
      if (url) resolve({ url, port: Number(new URL(url).port) });
    };
    child.stderr?.on('data', (chunk: Buffer) => {
      err += chunk.toString();
      check();
    });
    exit.then((code) => reject(new Error(`ended with ${code} before it listened: ${err}`)));
  });
  listening.catch(() => {});
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  return { child, out: () => out, err: () => err, listening, exit };
}

/** Runs a command to its end. */
export async function runCli(
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv; stdin?: string },
): Promise<{ code: number | string; out: string; err: string }> {
  const run = startCli(args, options);
  const code = await run.exit;
  return { code, out: run.out(), err: run.err() };
}
