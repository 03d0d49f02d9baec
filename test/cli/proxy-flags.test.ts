import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { fixture, temporaryFolder } from '../helpers/cassette-files.ts';

// An address of documentation (RFC 5737), which no machine has: nothing comes to listen.
const ELSEWHERE = ['--host', '203.0.113.1', '--upstream', 'http://127.0.0.1:9/v1'];
const KEY = ['--upstream-key-env', 'KEY'];

async function warningOf(args: readonly string[]): Promise<string> {
  const env = { KEY: ['sk', 'made-up'].join('-') };
  const io = captureIo({ cwd: temporaryFolder(), env });
  expect(await run(args, io)).toBeGreaterThan(0);
  expect(io.err()).not.toContain(env.KEY);
  return io.err().match(/^warning.*$/m)?.[0] ?? '';
}

describe('a key that others could spend', () => {
  it.each(['record', 'proxy'])('is warned of by %s', async (command) => {
    expect(await warningOf([command, ...ELSEWHERE, ...KEY])).toBe(
      'warning  Everybody who can reach 203.0.113.1 can spend the key of --upstream-key-env. Listen on 127.0.0.1, or let in those alone who show a key: --api-key KEY.',
    );
  });

  it('is warned of by play where it forwards', async () => {
    const play = ['play', fixture('cassettes/0.169.0/text.har'), ...ELSEWHERE, ...KEY];
    expect(await warningOf([...play, '--mode', 'new_episodes'])).toContain('Listen on 127.0.0.1.');
  });

  it.each([
    ['clients have to show one', ['record', ...ELSEWHERE, ...KEY, '--api-key', 'x']],
    ['clients bring their own', ['record', ...ELSEWHERE]],
    ['nobody else can come', ['record', ...KEY, '--upstream', 'http://127.0.0.1:9/v1', '--back-port', '1']],
    ['the provider is ours', ['proxy', '--host', '203.0.113.1', ...KEY]],
  ])('is not warned of where %s', async (_, args) => {
    expect(await warningOf(args)).toBe('');
  });
});
