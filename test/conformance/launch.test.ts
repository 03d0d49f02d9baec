import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as immediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LaunchOptions, launchGateway, READY_PATH } from '../../src/conformance/launch.ts';
import { startProcessGroup } from '../../src/conformance/process-group.ts';
import type { TapedeckError } from '../../src/errors.ts';

const UPSTREAM = 'http://127.0.0.1:9/v1';
const LAUNCH_CHILD = fileURLToPath(new URL('./support/launch-child.ts', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-test-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A command line that runs a script with the port as its first argument. */
async function script(lines: string[], rest = '{port}'): Promise<string> {
  const path = join(folder, 'gateway.mjs');
  await writeFile(path, lines.join('\n'));
  return `"${process.execPath}" "${path}" ${rest}`;
}

/** A gateway that answers with its arguments, its environment and the path. */
const ECHO = [
  "import { createServer } from 'node:http';",
  'const args = process.argv.slice(2);',
  'createServer((request, response) => {',
  '  response.statusCode = 404;',
  '  response.end(JSON.stringify({ args, path: request.url, made: process.env.MADE, noProxy: process.env.NO_PROXY, pid: process.pid }));',
  "}).listen(Number(args[0]), '127.0.0.1');",
];

function launch(command: string, options: Partial<LaunchOptions> = {}) {
  return launchGateway({ command, upstream: UPSTREAM, ...options });
}

/** The failure of a launch. */
async function failureOf(launching: Promise<unknown>): Promise<TapedeckError> {
  return launching.then(
    () => expect.fail('it was launched'),
    (error: TapedeckError) => error,
  );
}

/** Whether a process runs; one that has ended and that its parent has not asked after does not. */
function isRunning(pid: number): boolean {
  try {
    if (process.platform === 'linux') return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('launchGateway', () => {
  it('fills in the port and the upstream, keeps the environment, and ends the gateway', async () => {
    const command = await script(ECHO, '{port} {upstream} {upstream_root} {port}');
    const gateway = await launch(command, { env: { MADE: 'up' } });
    const answer = await fetch(`${gateway.url}/models`);
    const said = (await answer.json()) as { pid: number; noProxy: string };
    expect(answer.status).toBe(404);
    expect(said).toMatchObject({
      args: [String(gateway.port), UPSTREAM, 'http://127.0.0.1:9', String(gateway.port)],
      path: '/v1/models',
      made: 'up',
    });
    expect(said.noProxy).toMatch(/127\.0\.0\.1,localhost$/);
    expect(gateway.root).toBe(`http://127.0.0.1:${gateway.port}`);
    await gateway.stop();
    await gateway.stop();
    expect(await gateway.exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(isRunning(said.pid)).toBe(false);
  });

  it('waits for a gateway that begins to listen late', async () => {
    const late = [
      ...ECHO.slice(0, 2),
      'setTimeout(() => ',
      ...ECHO.slice(2, -1),
      `${ECHO.at(-1)?.slice(0, -1)}, 300);`,
    ];
    const gateway = await launch(await script(late));
    expect((await fetch(gateway.root)).status).toBe(404);
    await gateway.stop();
  });

  it('takes the port that it is told, with a command that does not name it', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    const gateway = await launch(await script(ECHO, String(port)), { port });
    expect(gateway.url).toBe(`http://127.0.0.1:${port}/v1`);
    await gateway.stop();
  });

  it('asks for a path that an upstream can tell from a client’s', async () => {
    const asked = 'if (args[1] === undefined) { args[1] = request.url; return response.end(); }';
    const gateway = await launch(await script([...ECHO.slice(0, 3), asked, ...ECHO.slice(3)]));
    expect(await (await fetch(gateway.root)).json()).toMatchObject({ args: [String(gateway.port), READY_PATH] });
    await gateway.stop();
  });

  it('shows the last lines of one that ends at once', async () => {
    const lines = [
      "for (let i = 1; i <= 30; i++) console.log('line', i);",
      "console.error('no key');",
      'process.exitCode = 3;',
    ];
    const error = await failureOf(launch(await script(lines)));
    expect(error).toMatchObject({ code: 'gateway-unreachable', exitCode: 4 });
    expect(error.message).toMatch(/^The gateway ended with exit code 3 before it answered: /);
    expect(error.message).toContain('line 30');
    expect(error.message).toContain('no key');
    expect(error.message).not.toContain('line 1\n');
  });

  it('shows what the shell says of a command that there is not', async () => {
    const error = await failureOf(launch('tapedeck-no-such-program {port}'));
    expect(error.message).toMatch(/ended with exit code 127 [\s\S]*not found/);
  });

  it('says where there is no such working directory', async () => {
    const error = await failureOf(launch(await script(ECHO), { cwd: join(folder, 'missing') }));
    expect(error.message).toMatch(/ended at once [\s\S]*ENOENT/);
  });

  it('gives up on one that never listens, and ends it', async () => {
    const command = await script(['console.log(process.pid);', 'setInterval(() => {}, 1000);']);
    const error = await failureOf(launch(command, { timeoutMs: 1_000 }));
    expect(error.message).toMatch(/did not answer on 127\.0\.0\.1:\d+ within 1000 ms/);
    const pid = Number(/^ {2}(\d+)$/m.exec(error.message)?.[1]);
    expect(pid).toBeGreaterThan(1);
    expect(isRunning(pid)).toBe(false);
  });

  it('gives up on one that listens and does not speak HTTP', async () => {
    const lines = [
      "import { createServer } from 'node:net';",
      "createServer((s) => s.end('no')).listen(+process.argv[2], '127.0.0.1');",
    ];
    const error = await failureOf(launch(await script(lines), { timeoutMs: 1_000 }));
    expect(error.code).toBe('gateway-unreachable');
  });

  it('refuses a port that somebody else has', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const error = await failureOf(launch('exit 1', { port }));
    expect(error.code).toBe('port-unavailable');
    other.close();
  });

  it('refuses a command that does not say where the gateway listens', async () => {
    expect((await failureOf(launch('node gateway.js'))).code).toBe('usage');
  });

  it('ends with SIGKILL what ignores SIGTERM', async () => {
    const lines = [
      "process.on('SIGTERM', () => console.log('no'));",
      'console.log(process.pid);',
      'setInterval(() => {}, 1000);',
    ];
    const options = { env: process.env, cwd: folder, killAfterMs: 200 };
    const group = startProcessGroup(await script(lines), options);
    while (group.output() === '') await immediate();
    const pid = Number(group.output());
    await group.stop();
    expect(isRunning(pid)).toBe(false);
    expect(group.output()).toBe(`${pid}\nno\n`);
  });

  it('ends the children of the command as well', async () => {
    const path = join(folder, 'child.mjs');
    await writeFile(path, ECHO.join('\n'));
    const parent = [
      "import { spawn } from 'node:child_process';",
      `spawn(process.execPath, [${JSON.stringify(path)}, process.argv[2]], { stdio: 'ignore' });`,
      'setInterval(() => {}, 1000);',
    ];
    const gateway = await launch(await script(parent));
    const { pid } = (await (await fetch(gateway.root)).json()) as { pid: number };
    await gateway.stop();
    await expect(fetch(gateway.root)).rejects.toThrow();
    expect(isRunning(pid)).toBe(false);
  });

  it('is stopped by its signal, before and after the gateway answers', async () => {
    const before = new AbortController();
    const launching = launch(await script(['setInterval(() => {}, 1000);']), { signal: before.signal });
    before.abort(new Error('enough'));
    await expect(launching).rejects.toThrow('enough');
    const after = new AbortController();
    const gateway = await launch(await script(ECHO), { signal: after.signal });
    after.abort();
    expect(await gateway.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it.each([
    ['SIGINT', '', null, 'SIGINT'],
    ['SIGTERM', '', null, 'SIGTERM'],
    ['an error', 'throw', 1, null],
    ['process.exit', 'exit', 9, null],
  ] as const)('does not outlive us when %s ends us', async (what, then, code, signal) => {
    const args = ['--import', 'tsx', LAUNCH_CHILD, await script(ECHO), then];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(child, 'exit');
    const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    if (then === '') child.kill(what as NodeJS.Signals);
    expect(await ended).toEqual([code, signal]);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });
});
