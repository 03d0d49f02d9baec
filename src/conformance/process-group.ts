import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** How a command ended: its exit code, or the signal that ended it. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ProcessGroup {
  /** The end of what was written to stdout and stderr, in the order of its arrival. */
  output(): string;
  /** Resolves when the command itself has ended; what it started may still run. Never rejects. */
  exited: Promise<ProcessEnd>;
  /** Ends all that the command started: SIGTERM, and SIGKILL for what is left after `killAfterMs`. Never rejects. */
  stop(): Promise<void>;
}

/** What is kept of the output: enough for a stack trace and what led to it, little enough for a gateway that runs for hours. */
const KEPT_OUTPUT_BYTES = 64 * 1024;

export interface GroupOptions {
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Milliseconds between SIGTERM and SIGKILL; five seconds when absent. */
  killAfterMs?: number;
}

/** Servers close their connections in well under a second; one that takes longer hangs. */
const KILL_AFTER_MS = 5_000;

/** Between two looks at whether the group is gone; it is waited for at the end alone. */
const LOOK_AGAIN_MS = 25;

/** What a process that was told to go has to say comes within milliseconds, but pipes may be held open by others. */
const LAST_OUTPUT_MS = 500;

/** Windows has no process groups; there the shell alone can be ended. */
const HAS_GROUPS = process.platform !== 'win32';

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
type EndingSignal = keyof typeof SIGNALS;

/** Groups that must not outlive this process. */
const running = new Set<{ kill(): void; stop(): Promise<void> }>();

/**
 * Runs a command line by the shell, in a process group of its own, with no input. The group ends with this process, however that
 * ends: by a signal, by an error or by itself (SIGKILL alone leaves it no time).
 */
export function startProcessGroup(command: string, { env, cwd, killAfterMs }: GroupOptions): ProcessGroup {
  const child = spawn(command, { env, cwd, shell: true, detached: HAS_GROUPS, stdio: ['ignore', 'pipe', 'pipe'] });
  const tail = keepTail(child);
  const exited = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    // There is no shell, or no such working directory.
    child.once('error', (error) => {
      tail.add(Buffer.from(`${error.message}\n`));
      resolve({ code: null, signal: null });
    });
  });
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  let stopping: Promise<void> | undefined;
  const entry = {
    kill: () => send(child, 'SIGKILL'),
    stop() {
      stopping ??= stopGroup(child, exited, closed, killAfterMs ?? KILL_AFTER_MS).finally(() => forget(entry));
      return stopping;
    },
  };
  remember(entry);
  return { output: tail.text, exited, stop: entry.stop };
}

function keepTail(child: ChildProcess): { add(chunk: Buffer): void; text(): string } {
  let kept: Buffer[] = [];
  let size = 0;
  const add = (chunk: Buffer) => {
    kept.push(chunk);
    size += chunk.length;
    if (size < 2 * KEPT_OUTPUT_BYTES) return;
    const end = Buffer.concat(kept).subarray(-KEPT_OUTPUT_BYTES);
    kept = [end];
    size = end.length;
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  return { add, text: () => Buffer.concat(kept).subarray(-KEPT_OUTPUT_BYTES).toString() };
}

async function stopGroup(
  child: ChildProcess,
  exited: Promise<unknown>,
  closed: Promise<void>,
  killAfterMs: number,
): Promise<void> {
  send(child, 'SIGTERM');
  const deadline = performance.now() + killAfterMs;
  while (isAlive(child) && performance.now() < deadline) await pause(LOOK_AGAIN_MS);
  send(child, 'SIGKILL');
  await exited;
  await Promise.race([closed, pause(LAST_OUTPUT_MS)]);
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** Whether a process of the group is left; signal 0 only asks (kill(2)). */
function isAlive(child: ChildProcess): boolean {
  return send(child, 0) && !isAllZombies(child.pid ?? 0);
}

/**
 * True when all that is left of a group has ended and only waits for the init process to take notice, which in a container may be
 * never: signals still reach it. Where there is no /proc, nobody knows.
 */
function isAllZombies(group: number): boolean {
  if (process.platform !== 'linux') return false;
  const states = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? stateIn(group, name) : []));
  return states.length > 0 && states.every((state) => state === 'Z' || state === 'X');
}

/** The state of a process if it belongs to the group: the first and the third field behind its name (proc_pid_stat(5)). */
function stateIn(group: number, pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(pgrp) === group ? [state] : [];
  } catch {
    // It ended while we were reading.
    return [];
  }
}

function send(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  if (!HAS_GROUPS) return child.exitCode === null && child.signalCode === null && child.kill(signal);
  try {
    return process.kill(-child.pid, signal);
  } catch {
    // It ended by itself.
    return false;
  }
}

function remember(entry: { kill(): void; stop(): Promise<void> }): void {
  if (running.size === 0) {
    process.on('exit', killAll);
    for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal);
  }
  running.add(entry);
}

function forget(entry: { kill(): void; stop(): Promise<void> }): void {
  running.delete(entry);
  if (running.size > 0) return;
  process.off('exit', killAll);
  for (const signal of Object.keys(SIGNALS)) process.off(signal, onSignal);
  signalled = false;
}

function killAll(): void {
  for (const entry of running) entry.kill();
}

let signalled = false;

/** The groups do not get what the terminal sends to ours. A second signal waits for nobody. */
function onSignal(signal: NodeJS.Signals): void {
  if (signalled) process.exit(128 + SIGNALS[signal as EndingSignal]);
  signalled = true;
  const othersListen = process.listenerCount(signal) > 1;
  void Promise.all([...running].map((entry) => entry.stop())).then(() => {
    // Whoever else listens decides what becomes of this process.
    if (!othersListen) process.kill(process.pid, signal);
  });
}
