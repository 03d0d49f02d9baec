import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RecordingSummary } from '../../src/cassette/tap.ts';
import {
  type CodexEvent,
  codexArguments,
  finalText,
  type ProcessResult,
  runProcess,
} from '../../src/conformance/codex.ts';
import { AFTER_TOOL_TEXT, DEFAULT_TEXT } from '../../src/conformance/provider/default-answer.ts';
import { startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { expectWhole, findBinaries, VERSIONS } from './helpers.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** The command line from its source: what is tested is never an old build. */
const TAPEDECK = ['--import', join(ROOT, 'node_modules/tsx/dist/esm/index.mjs'), join(ROOT, 'src/cli/index.ts')];

let binaries: Record<string, string>;
let folder: string;

beforeAll(async () => {
  binaries = await findBinaries();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-e2e-'));
  for (const name of ['home', 'here', 'elsewhere']) await mkdir(join(folder, name));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs `tapedeck` in a folder, as a user without any configuration would. */
function tapedeck(cwd: string, args: string[]): Promise<ProcessResult> {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: join(folder, 'home'),
    TERM: 'dumb',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1,localhost',
  };
  return runProcess(process.execPath, [...TAPEDECK, ...args], { cwd: join(folder, cwd), env, timeoutMs: 60_000 });
}

/** The JSON lines of a run: Codex's and, with `--json`, those of tapedeck itself. */
function lines(result: ProcessResult): CodexEvent[] {
  return result.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as CodexEvent);
}

// The isolated home names no model, so 0.169.0 takes its default, which gets its tools in an input item and writes JavaScript.
describe.each(VERSIONS)('Codex %s behind the command line', (version) => {
  it.each([
    ['text', 'Say hello.', DEFAULT_TEXT, 1],
    ['tool', 'Please run `echo hi`.', AFTER_TOOL_TEXT, 2],
  ])('records and plays a %s turn', async (_name, prompt, answer, exchanges) => {
    const upstream = await startScriptedUpstream();
    const codex = ['--', binaries[version]!, ...codexArguments({ prompt })];
    const cassette = join(folder, 'session.har');
    const recorded = await tapedeck('here', ['record', '--json', '-o', cassette, '--upstream', upstream.url, ...codex]);
    await upstream.close();
    expect(recorded.code).toBe(0);
    expect(finalText(lines(recorded))).toBe(answer);
    expectWhole(lines(recorded).at(-1) as unknown as RecordingSummary, exchanges);

    const played = await tapedeck('elsewhere', ['play', cassette, ...codex]);
    expect(played.code).toBe(0);
    expect(finalText(lines(played))).toBe(answer);

    const other = ['--', binaries[version]!, ...codexArguments({ prompt: 'Say something else.' })];
    const missed = await tapedeck('elsewhere', ['play', cassette, ...other]);
    expect(missed.code).not.toBe(0);
    expect(finalText(lines(missed))).toBeUndefined();
  });

  it('is what the demo runs', async () => {
    const demo = await tapedeck('here', ['demo', '--json', '--codex', binaries[version]!]);
    expect(JSON.parse(demo.stdout)).toMatchObject({ ok: true, client: `Codex ${version}` });
    expect(demo.code).toBe(0);
  });
});
