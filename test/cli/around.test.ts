import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { run as runMain } from '../../src/cli/main.ts';
import { reservePort } from '../../src/conformance/launch.ts';
import { startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { startProxy } from '../../src/proxy/server.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { readAll, temporaryFolder } from '../helpers/cassette-files.ts';
import { startCli } from '../helpers/cli.ts';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

const BODY = '{"model":"m","input":"what time is it","store":false}';

/** A command within this process. */
async function tapedeck(args: readonly string[], { cwd }: { cwd: string }) {
  const io = captureIo({ cwd });
  const code = await runMain(args, io);
  return { code, out: io.out(), err: io.err() };
}

async function ask(url: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${url}/responses`, { method: 'POST', body: BODY, headers })).text();
}

describe('record --around', () => {
  test('records both sides of a gateway, which explain then tells of', async () => {
    const folder = temporaryFolder();
    const provider = await startScriptedUpstream();
    const port = await reservePort(0, '127.0.0.1');
    const gateway = await startProxy({ upstream: `http://127.0.0.1:${port}/v1`, translation: { protocol: 'chat' } });
    const args = ['-o', 'x.har', '--around', gateway.url, '--back-port', String(port), '--gateway', 'theirs'];
    const run = startCli(['record', ...args, '--upstream', provider.url], { cwd: folder });
    await ask((await run.listening).url);
    run.child.kill('SIGINT');
    expect(await run.exit).toBe(0);
    expect(run.err()).toContain(
      `recording around theirs at ${gateway.url}; its provider is http://127.0.0.1:${port}/v1`,
    );
    await gateway.close(0);
    await provider.close();

    const { header, exchanges } = await readAll(join(folder, 'x.har'), { pristine: true });
    expect(header).toMatchObject({ gateway: { name: 'theirs' }, around: { url: gateway.url, joined: true } });
    expect(exchanges.map(({ client, attempts }) => [client._protocol, attempts[0]?._protocol])).toEqual([
      ['responses', 'chat'],
    ]);

    const { code, out } = await tapedeck(['explain', 'x.har'], { cwd: folder });
    expect(out).toContain('recorded around theirs');
    expect(out).toContain('1 of 1 exchange came through');
    expect(code).toBe(0);
    const json = JSON.parse((await tapedeck(['explain', 'x.har', '1', '--json'], { cwd: folder })).out);
    expect(json).toMatchObject({
      event: 'explain',
      gateway: 'theirs',
      hops: [{ number: 1, hop: 'responses -> chat', findings: [] }],
    });
    // Why an exchange broke can still be asked.
    expect((await tapedeck(['explain', 'x.har', '--no-hop'], { cwd: folder })).out).toContain('Looked at');
  });

  test('starts the gateway', async () => {
    const folder = temporaryFolder();
    const provider = await startScriptedUpstream();
    const module = pathToFileURL(join(import.meta.dirname, '../../src/proxy/server.ts')).href;
    const program = `import(${JSON.stringify(module)}).then(({ startProxy }) => startProxy({ upstream: process.argv[1], port: Number(process.argv[2]) }))`;
    const launch = `exec ${process.execPath} --import ${TSX} -e '${program}' {upstream} {port}`;
    const run = startCli(['record', '-o', 'x.har', '--launch', launch, '--upstream', provider.url], { cwd: folder });
    expect(await ask((await run.listening).url)).toContain('scripted');
    run.child.kill('SIGINT');
    expect(await run.exit).toBe(0);
    await provider.close();
    const { exchanges } = await readAll(join(folder, 'x.har'));
    expect(exchanges.map(({ attempts }) => attempts[0]?._join)).toEqual([{ by: 'content', certainty: 'certain' }]);
    expect((await tapedeck(['explain', 'x.har'], { cwd: folder })).out).toContain('1 of 1 exchange came through');
  });

  test('explain joins what a recording that was killed left', async () => {
    const folder = temporaryFolder();
    const provider = await startScriptedUpstream();
    const port = await reservePort(0, '127.0.0.1');
    const gateway = await startProxy({ upstream: `http://127.0.0.1:${port}/v1`, translation: { protocol: 'chat' } });
    const args = ['-o', 'x.har', '--around', gateway.url, '--back-port', String(port), '--upstream', provider.url];
    const run = startCli(['record', ...args], { cwd: folder });
    await ask((await run.listening).url);
    // What ended is in the journal a moment later.
    while ((await readFile(join(folder, 'x.har.part'), 'utf8')).split('"t":"close"').length < 3) await setImmediate();
    run.child.kill('SIGKILL');
    await run.exit;
    await gateway.close(0);
    await provider.close();
    const { out } = await tapedeck(['explain', 'x.har'], { cwd: folder });
    expect(out).toContain('1 of 1 exchange came through');
    expect((await readAll(join(folder, 'x.har'))).header.around?.joined).toBe(false);
  });

  test('says which flag chooses another port for the provider', async () => {
    const taken = await startScriptedUpstream();
    const args = ['--around', 'http://127.0.0.1:1', '--back-port', `${taken.port}`, '--upstream', 'http://127.0.0.1:9'];
    const { code, err } = await tapedeck(['record', '-o', 'x.har', ...args], { cwd: temporaryFolder() });
    await taken.close();
    expect(code).toBe(74);
    expect(err).toContain(`127.0.0.1:${taken.port} is already in use.`);
    expect(err).toContain('choose another with --back-port');
    expect(err).not.toContain('--port ');
  });

  test.each<[name: string, args: string[], message: RegExp]>([
    ['a gateway that is not told its provider', ['--launch', 'x {port}'], /does not tell it where its provider is/],
    ['no port for the provider', ['--around', 'http://127.0.0.1:1'], /--back-port/],
    ['a port without a gateway', ['--back-port', '1'], /--around/],
    [
      'a translation',
      ['--around', 'http://127.0.0.1:1', '--back-port', '2', '--upstream-protocol', 'chat'],
      /--upstream-protocol/,
    ],
    ['appending', ['--around', 'http://127.0.0.1:1', '--back-port', '2', '--append'], /--append/],
    ['a gateway that is no URL', ['--around', 'nowhere', '--back-port', '2'], /nowhere/],
  ])('refuses %s', async (_name, args, message) => {
    const { code, err } = await tapedeck(['record', '--upstream', 'http://127.0.0.1:9', ...args], {
      cwd: temporaryFolder(),
    });
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});
