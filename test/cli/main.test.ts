import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { temporaryFolder } from '../helpers/cassette-files.ts';

async function cli(argv: string[], stdin = '') {
  const io = captureIo({ stdin });
  const code = await run(argv, io);
  return { code, out: io.out(), err: io.err() };
}

const COMPLETED = 'data: {"type":"response.completed","response":{"id":"r"}}\n\n';

describe('the command line', () => {
  test('without a command is a usage error that names the help', async () => {
    const { code, err } = await cli([]);
    expect(code).toBe(2);
    expect(err).toContain('--help');
  });

  test('an unknown command is a usage error', async () => {
    expect(await cli(['rewind'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/"rewind"[\s\S]*tapedeck --help/),
    });
    expect(await cli(['constructor'])).toMatchObject({ code: 2 });
    expect(await cli(['connect'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/missing[\s\S]*connect --help/),
    });
  });

  test('an unknown flag is named', async () => {
    expect(await cli(['show', '--colour'])).toMatchObject({ code: 2, err: expect.stringContaining('colour') });
  });

  test('a flag of one value that comes twice is a usage error', async () => {
    const { code, err } = await cli(['validate', '--as', 'chat.chunk', '--as', 'models', 'x.json']);
    expect(code).toBe(2);
    expect(err).toContain('--as was given 2 times.');
  });

  test('a flag of several values takes one at a time', async () => {
    const argv = ['validate', '--profile', 'codex', '--profile', 'tolerant', '--json', '--as', 'responses.stream', '-'];
    const { code, out } = await cli(argv, COMPLETED);
    expect(JSON.parse(out).profiles).toEqual(['codex', 'tolerant']);
    expect([0, 1]).toContain(code);
  });

  test('a lone dash is stdin', async () => {
    const { code, out } = await cli(['validate', '--as', 'responses.stream', '--profile', 'codex', '-'], COMPLETED);
    expect(out).toContain('no findings');
    expect(code).toBe(0);
  });

  test('the words of a command stay as they were given, numbers too', async () => {
    const script = 'process.exit(process.argv.slice(1).join() === "007,1e3,0" ? 42 : 1)';
    const command = [process.execPath, '-e', script, '007', '1e3', '0'];
    expect(
      await run(
        ['proxy', '--', ...command],
        captureIo({ env: { PATH: process.env.PATH, XDG_CACHE_HOME: temporaryFolder() } }),
      ),
    ).toBe(42);
  });

  test('with --json an error is JSON on stdout as well', async () => {
    const { code, out } = await cli(['show', '--json', 'no-such.har']);
    expect(code).toBe(5);
    expect(JSON.parse(out)).toMatchObject({ event: 'error', code: 'cassette-not-found' });
  });

  test('every command has examples in its help', async () => {
    const { out } = await cli(['--help']);
    const names = [...out.matchAll(/^ {2}tapedeck (\w+)/gm)].map((match) => match[1] ?? '');
    expect(names.length).toBeGreaterThanOrEqual(8);
    for (const name of names) expect((await cli([name, '--help'])).out, name).toContain('Examples:');
  });

  test('an example stands in a line of its own, as it is typed, however wide the terminal is', async () => {
    for (const [name, { load }] of Object.entries(COMMANDS)) {
      const { examples } = await load();
      const io = captureIo({ columns: 60 });
      expect(await run([name, '--help'], io)).toBe(0);
      const lines = io.out().split('\n');
      for (const [example, what] of examples) {
        const at = lines.indexOf(`  ${example.replaceAll('$0', 'tapedeck')}`);
        expect(at, example).toBeGreaterThan(0);
        expect(lines[at - 1]).toBe(`  # ${what}`);
        expect(example).not.toContain('…');
      }
    }
  });

  test('the usage of a command that runs a client says where that stands', async () => {
    const takes = new Map<string, string | undefined>();
    for (const name of Object.keys(COMMANDS)) {
      const usage = /^tapedeck .*$/m.exec((await cli([name, '--help'])).out)?.[0];
      expect(usage, name).toMatch(new RegExp(`^tapedeck ${name}`));
      if (usage?.includes('--')) takes.set(name, usage);
    }
    expect(Object.fromEntries(takes)).toEqual({
      record: 'tapedeck record [-- COMMAND…]',
      proxy: 'tapedeck proxy [-- COMMAND…]',
      play: 'tapedeck play [cassette] [-- COMMAND…]',
    });
  });

  test('a value that fits no flag is told in one line', async () => {
    expect(await cli(['play', '--port', 'abc'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^error --port needs a number\.\nhint {2}/),
    });
    const { code, err } = await cli(['play', '--match', 'some']);
    expect(err).toMatch(
      /^error match: "some" is none of exact, shape, turn\.\nhint {2}Run `tapedeck play --help`\.\n$/,
    );
    expect(code).toBe(2);
  });

  test('the list of commands says of each what it says of itself', async () => {
    for (const [name, { usage, summary, load }] of Object.entries(COMMANDS)) {
      const command = await load();
      expect({ usage, summary }, name).toEqual({ usage: command.usage, summary: command.summary });
      expect(usage.split(' ')[0]).toBe(name);
    }
  });

  test('flags before a command do not keep its own help from being shown', async () => {
    expect((await cli(['--help', 'show'])).out).toBe((await cli(['show', '--help'])).out);
  });
});
