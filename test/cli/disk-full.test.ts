import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findCassette, openCassette } from '../../src/cassette/store.ts';

let folder: string;
let upstream: Server;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'disk-full-'));
  upstream = createServer((request, response) => {
    request.resume().on('end', () => response.end(`{"text":"${'x'.repeat(10_000)}"}`));
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
});
afterEach(async () => {
  upstream.close();
  await rm(folder, { recursive: true, force: true });
});

// A limit on the size of files is what a full disk looks like to one process, and needs no disk of its own.
test('when the disk takes no more, recording stops loudly, traffic goes on, and the exit code is 74', async () => {
  const entry = fileURLToPath(new URL('../../src/cli/index.ts', import.meta.url));
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const program = 'ulimit -f 128; exec "$0" "$@"';
  const args = ['--import', import.meta.resolve('tsx'), entry, 'record', '-o', 'x.har', '--upstream', url];
  const child = spawn('bash', ['-c', program, process.execPath, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1' },
  });
  let err = '';
  const says = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        const found = pattern.exec(err);
        if (found) resolve(found[1] ?? found[0]);
      };
      child.stderr.on('data', check);
      child.once('close', () => reject(new Error(`ended without ${pattern}: ${err}`)));
      check();
    });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const proxy = await says(/listening on (http:\S+)/);
  const stopped = says(/recording stopped (.*)/);
  const send = async () => (await fetch(`${proxy}/responses`, { method: 'POST', body: '{"model":"m"}' })).text();
  // 64 KiB are full after a few of these.
  for (let i = 0; i < 40; i++) expect(await send()).toContain('xxx');
  expect(await stopped).toMatch(/x\.har\.part cannot be written/);
  expect(await send()).toContain('xxx');
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  expect(code).toBe(74);
  // What was written before is kept, as a cassette or as a journal that becomes one.
  expect((await readdir(folder)).filter((name) => name.startsWith('x.har'))).not.toEqual([]);
  const reader = await openCassette(await findCassette(join(folder, 'x.har'), folder));
  let complete = 0;
  for await (const exchange of reader.exchanges()) if (exchange.outcome === 'complete') complete += 1;
  await reader.close();
  expect(complete).toBeGreaterThan(0);
});
