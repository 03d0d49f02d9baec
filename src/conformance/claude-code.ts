import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TapedeckError } from '../errors.ts';
import { type ProcessResult, runProcess } from './codex.ts';
import { binaryCache, installPackage, isExecutable } from './install-package.ts';

/** Name of the environment variable that names a binary of Claude Code. */
const VARIABLE = 'TAPEDECK_CLAUDE_CODE';

/**
 * Path of the Claude Code binary of a version: the one that the environment names, else one from the cache, where it is put first if it is
 * missing. Throws `usage` for a platform without a package, `command-not-found` and `input-invalid`.
 */
export async function claudeCodeBinary(version: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const named = env[VARIABLE];
  if (named) {
    if (await isExecutable(named)) return named;
    throw new TapedeckError('command-not-found', `${VARIABLE} names ${named}, which cannot be run.`);
  }
  const folder = join(binaryCache(env), 'claude-code', version);
  const found = await findBinary(folder);
  if (found) return found;
  const { platform, arch } = process;
  if (!['linux', 'darwin', 'win32'].includes(platform) || !['x64', 'arm64'].includes(arch))
    throw new TapedeckError('usage', `There is no package of Claude Code for ${platform}-${arch}.`, {
      hint: `Set ${VARIABLE} to the path of a binary.`,
    });
  const spec = `@anthropic-ai/claude-code-${platform}-${arch}@${version}`;
  return installPackage({ spec, folder, findBinary }, env);
}

async function findBinary(folder: string): Promise<string | undefined> {
  const path = join(folder, 'package', process.platform === 'win32' ? 'claude.exe' : 'claude');
  return (await isExecutable(path)) ? path : undefined;
}

export interface ClaudeCodeRun extends ProcessResult {
  /** What it said last; undefined when it gave no result. */
  finalText: string | undefined;
  /** It says itself that it failed. */
  failed: boolean;
}

/** Runs one prompt with a home of its own, against a base URL that ends with `/v1`. Nothing but that address is asked for anything. */
export async function runClaudeCode(options: {
  binary: string;
  baseUrl: string;
  prompt: string;
  /** Absent: the one that it uses by itself. */
  model?: string;
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>>;
  timeoutMs?: number;
}): Promise<ClaudeCodeRun> {
  const headers = Object.entries(options.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  const home = await mkdtemp(join(tmpdir(), 'tapedeck-claude-'));
  try {
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: home,
      // It appends `/v1/messages` itself.
      ANTHROPIC_BASE_URL: options.baseUrl.replace(/\/v1$/, ''),
      ANTHROPIC_API_KEY: 'dummy-key-of-tapedeck',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      IS_SANDBOX: '1',
      NO_PROXY: '127.0.0.1,localhost',
      ...(options.model === undefined
        ? {}
        : { ANTHROPIC_MODEL: options.model, ANTHROPIC_SMALL_FAST_MODEL: options.model }),
      ...(headers.length === 0 ? {} : { ANTHROPIC_CUSTOM_HEADERS: headers.join('\n') }),
    };
    const args = ['-p', options.prompt, '--allowedTools', 'Bash', '--output-format', 'json'];
    const done = await runProcess(options.binary, args, { cwd: home, env, timeoutMs: options.timeoutMs ?? 60_000 });
    const { result, is_error } = outcomeOf(done.stdout);
    return { ...done, finalText: result, failed: is_error === true };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** What `--output-format json` tells; nothing when it came to no end. */
function outcomeOf(stdout: string): { result?: string; is_error?: boolean } {
  try {
    return JSON.parse(stdout) as { result?: string; is_error?: boolean };
  } catch {
    return {};
  }
}
