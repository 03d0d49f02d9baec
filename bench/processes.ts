import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { LoadJob, LoadResult } from './load.ts';

/** A process of the benchmark: whatever it is, it is ended by its id. */
export interface Started {
  child: ChildProcess;
  pid: number;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function keep(child: ChildProcess): Started {
  if (child.pid === undefined) throw new Error('a process of the benchmark did not start');
  running.add(child);
  child.once('exit', () => running.delete(child));
  return { child, pid: child.pid };
}

/** Starts a program; it ends with the benchmark at the latest. */
export function start(command: string, args: readonly string[]): Started {
  return keep(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** Starts a TypeScript file of this folder, with a channel for messages. */
export function startScript(name: string): Started {
  const file = new URL(name, import.meta.url).pathname;
  return keep(fork(file, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
}

/** The port in the first line on stdout or stderr that says `listening on http://…:PORT`. */
export function listeningPort({ child }: Started): Promise<number> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        const port = /listening on http:\/\/[^/ ]*:(\d+)/.exec(line)?.[1];
        if (port) resolve(Number(port));
        else if (said.length < 20) said.push(line);
      });
    }
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it listened: ${said.join(' | ')}`)));
  });
}

/** Ends a process and waits for it. */
export async function end({ child }: Started, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

export async function nextMessage<T>({ child }: Started): Promise<T> {
  const [message] = (await once(child, 'message')) as [T];
  return message;
}

/** Has the load generator do one job. Throws what it could not do. */
export async function runLoad(generator: Started, job: LoadJob): Promise<LoadResult> {
  const answered = nextMessage<LoadResult | { error: string }>(generator);
  generator.child.send(job);
  const result = await answered;
  if ('error' in result) throw new Error(`load generator: ${result.error}`);
  return result;
}

/** Whether this system tells the CPU time and the memory of other processes (Linux). */
export const HAS_PROC = existsSync('/proc/self/stat');

const TICKS_PER_SECOND = HAS_PROC ? Number(spawnSync('getconf', ['CLK_TCK']).stdout) || 100 : 100;

/** CPU time that a process has used in all its threads, in microseconds; NaN where the system does not tell. */
export function cpuMicros(pid: number): number {
  if (!HAS_PROC) return Number.NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // proc_pid_stat(5): fields 14 and 15; the name before them is in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND;
}

/** Resident memory in MiB, now and at its highest; NaN where the system does not tell. */
export function memoryOf(pid: number): { now: number; peak: number } {
  if (!HAS_PROC) return { now: Number.NaN, peak: Number.NaN };
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const mib = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
  return { now: mib('VmRSS'), peak: mib('VmHWM') };
}
