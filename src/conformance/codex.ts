import { spawn } from 'node:child_process';
import { TapedeckError } from '../errors.ts';
import type { CodexHome } from './codex-home.ts';

export interface CodexRunOptions {
  /** Path of the real binary. */
  binary: string;
  home: CodexHome;
  prompt: string;
  /** Continues the last session of this home instead of beginning one. */
  resume?: boolean;
  /** More arguments of `codex exec`, after the prompt. */
  args?: readonly string[];
  /** Working directory; the home's workspace when absent. */
  cwd?: string;
  /** Added to the home's environment. */
  env?: Record<string, string>;
  /** Milliseconds until the run and its children are killed; 0.169.0 waits for ever for an upstream that refuses. */
  timeoutMs?: number;
}

export interface CodexRun {
  /** Exit code; null when it was killed. */
  code: number | null;
  timedOut: boolean;
  stdout: string;
  stderr: string;
  /** The lines of `--json`. */
  events: CodexEvent[];
  /** The last message of the agent; undefined when there was none. */
  finalText: string | undefined;
}

/** One line of `codex exec --json`, as far as it is used here. */
export interface CodexEvent {
  type: string;
  item?: { type: string; text?: string; message?: string; [field: string]: unknown };
  error?: { message: string };
  [field: string]: unknown;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Runs the real `codex exec --json` in its own home, without a terminal and with an empty input, and waits for its end. Never
 * throws for what Codex does; throws `command-not-found` or `command-not-runnable` when it cannot be started.
 */
export async function runCodex(options: CodexRunOptions): Promise<CodexRun> {
  const { home, binary } = options;
  const args = codexArguments(options);
  const result = await runProcess(binary, args, {
    cwd: options.cwd ?? home.workspace,
    env: { ...home.env, ...options.env },
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  });
  const events = readEvents(result.stdout);
  return { ...result, events, finalText: finalText(events) };
}

/** The arguments behind the binary's name. */
export function codexArguments(options: Pick<CodexRunOptions, 'prompt' | 'resume' | 'args'>): string[] {
  return [
    'exec',
    ...(options.resume ? ['resume', '--last'] : []),
    '--skip-git-repo-check',
    '--dangerously-bypass-approvals-and-sandbox',
    '--json',
    // The prompt comes first: `-i` would take it for another image.
    options.prompt,
    ...(options.args ?? []),
  ];
}

/** Lines that are not JSON are left out: old versions mix warnings in. */
function readEvents(stdout: string): CodexEvent[] {
  return stdout.split('\n').flatMap((line) => {
    try {
      return line.startsWith('{') ? [JSON.parse(line) as CodexEvent] : [];
    } catch {
      return [];
    }
  });
}

/** Text of the last agent message in a list of events. */
export function finalText(events: readonly CodexEvent[]): string | undefined {
  return events.findLast((event) => event.type === 'item.completed' && event.item?.type === 'agent_message')?.item
    ?.text;
}

export interface ProcessResult {
  code: number | null;
  timedOut: boolean;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, in a process group of its own that is killed as a whole when the time is over. */
export function runProcess(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string>; timeoutMs: number },
): Promise<ProcessResult> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, options.timeoutMs);
  return new Promise((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const code = cause.code === 'ENOENT' ? 'command-not-found' : 'command-not-runnable';
      reject(new TapedeckError(code, `${command} could not be started.`, { cause }));
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, timedOut, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}
