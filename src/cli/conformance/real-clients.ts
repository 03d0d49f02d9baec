import { resolve } from 'node:path';
import type { Check } from '../../conformance/check.ts';
import { claudeCodeBinary } from '../../conformance/claude-code.ts';
import { ANTHROPIC_SDK } from '../../conformance/clients/anthropic-sdk.ts';
import { claudeCodeChecks } from '../../conformance/clients/claude-code-checks.ts';
import { codexChecks } from '../../conformance/clients/codex-checks.ts';
import { loadSdk } from '../../conformance/clients/install-sdk.ts';
import { OPENAI_SDK } from '../../conformance/clients/openai-sdk.ts';
import { type Sdk, sdkChecks } from '../../conformance/clients/sdk-check.ts';
import { runProcess } from '../../conformance/codex.ts';
import { codexBinary } from '../../conformance/install-codex.ts';
import { TapedeckError } from '../../errors.ts';
import type { Arguments } from '../command.ts';
import type { Io } from '../io.ts';

/** Real clients that a command line asks for. */
export interface RealClients {
  /** In the order of reports, to be put behind the catalogue. */
  checks: readonly Check[];
  /**
   * Fetches what the given checks need, so that a run is not held up by it, nor fails of it.
   * @throws TapedeckError `input-invalid`, `command-not-found`, `usage`
   */
  fetch(checks: readonly Check[]): Promise<void>;
}

/** A client, as far as the command line goes. */
interface RealClient {
  checks: readonly Check[];
  fetch(): Promise<unknown>;
}

/** The version of Claude Code that is run when none is named. */
const CLAUDE_CODE_VERSION = '2.1.329';

const OTHERS: Record<string, { version: string; make(version: string, io: Io): RealClient }> = {
  'claude-code': {
    version: CLAUDE_CODE_VERSION,
    make(version, io) {
      const path = once(() => claudeCodeBinary(version, io.env));
      return { checks: claudeCodeChecks({ version, path }), fetch: path };
    },
  },
  'openai-sdk': { version: OPENAI_SDK.package.version, make: makeSdk(OPENAI_SDK) },
  'anthropic-sdk': { version: ANTHROPIC_SDK.package.version, make: makeSdk(ANTHROPIC_SDK) },
};

/** What `--client` takes, each with `@VERSION` or without. */
export const CLIENT_NAMES: readonly string[] = Object.keys(OTHERS);

function makeSdk<C>(sdk: Sdk<C>): (version: string, io: Io) => RealClient {
  return (version, io) => ({
    checks: sdkChecks(sdk, version),
    fetch: () => loadSdk({ ...sdk.package, version }, io.env),
  });
}

/** @throws TapedeckError `usage` for what is no version and no client, `command-not-found` for a binary that is not there */
export async function readRealClients(args: Arguments, io: Io): Promise<RealClients> {
  const codex = [...listOf(args.codex).map((version) => fetchedCodex(version, io)), ...(await namedCodex(args, io))];
  const others = listOf(args.client).map((text) => otherClient(text, io));
  const clients = [...codex.map((binary) => ({ checks: codexChecks([binary]), fetch: binary.path })), ...others];
  return {
    // Scenario by scenario, with each version.
    checks: [...codexChecks(codex), ...others.flatMap(({ checks }) => checks)],
    async fetch(wanted) {
      const names = new Set(wanted.map(({ client }) => client));
      for (const { checks, fetch } of clients) if (names.has(checks[0]?.client)) await fetch();
    },
  };
}

function fetchedCodex(version: string, io: Io) {
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw new TapedeckError('usage', `--codex ${version} is no version.`, {
      hint: 'Write versions such as 0.169.0, with commas between, or name a binary with --codex-bin.',
    });
  return { version, path: once(() => codexBinary(version, io.env)) };
}

const ASK_VERSION_MS = 30_000;

async function namedCodex(args: Arguments, io: Io) {
  const paths = ((args['codex-bin'] as string[] | undefined) ?? []).map((path) => resolve(io.cwd, path));
  return Promise.all(paths.map(async (path) => ({ version: await versionOf(path, io), path: async () => path })));
}

/** Settings differ from version to version, so a binary is asked for its own. */
async function versionOf(path: string, io: Io): Promise<string> {
  const { stdout } = await runProcess(path, ['--version'], { cwd: io.cwd, env: {}, timeoutMs: ASK_VERSION_MS });
  const version = /\b(\d+\.\d+\.\d+)\b/.exec(stdout)?.[1];
  if (version !== undefined) return version;
  throw new TapedeckError('usage', `--codex-bin ${path} does not say its version: it is no Codex.`, {
    hint: 'Name the binary itself; `PATH --version` has to write something like "codex-cli 0.169.0".',
  });
}

function otherClient(text: string, io: Io): RealClient {
  const [name = '', version] = text.split('@', 2);
  const client = Object.hasOwn(OTHERS, name) ? OTHERS[name] : undefined;
  if (!client || (version !== undefined && !/^\d+\.\d+\.\d+$/.test(version)))
    throw new TapedeckError('usage', `--client ${text} is no client that can be run.`, {
      hint: `There are ${CLIENT_NAMES.join(', ')}, each with @VERSION or without; Codex has --codex.`,
    });
  return client.make(version ?? client.version, io);
}

/** Each flag may be repeated, and has commas between. */
function listOf(value: unknown): string[] {
  const texts = (value as string[] | undefined) ?? [];
  return [...new Set(texts.flatMap((text) => text.split(',')).map((text) => text.trim()))].filter(Boolean);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
