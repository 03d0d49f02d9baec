import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type ScriptedUpstream, startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { runCli, startCli } from '../helpers/cli.ts';
import { handshake } from '../helpers/websocket.ts';

let folder: string;
let upstream: ScriptedUpstream;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-ws-'));
  upstream = await startScriptedUpstream({ websocket: 'accept' });
});
afterEach(async () => {
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
});

const user = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });

/** Warms up, asks, and gives the text of the answer. */
async function talk(url: string): Promise<string> {
  const peer = handshake(new WebSocket(`${url.replace('http', 'ws')}/responses`));
  await peer.open;
  let id: string | undefined;
  let text = '';
  for (const create of [{ generate: false, input: [user('Be kind.')] }, { input: [user('Hi.')] }]) {
    peer.send(
      JSON.stringify({ type: 'response.create', model: 'm', ...create, ...(id ? { previous_response_id: id } : {}) }),
    );
    for (let type = ''; type !== 'response.completed'; ) {
      const event = JSON.parse(String(await peer.next()));
      type = event.type;
      id = event.response?.id ?? id;
      if (type === 'response.output_text.done') text = event.text;
    }
  }
  peer.socket.close(1000);
  await peer.closed;
  return text;
}

test('record, show, validate, explain and play a WebSocket', async () => {
  const run = startCli(['record', '-o', 'ws.har', '--upstream', upstream.url], { cwd: folder });
  const said = await talk((await run.listening).url);
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(0);
  expect(run.out()).toMatch(/ws\.har {2}2 exchanges/);

  const table = await runCli(['show', 'ws.har'], { cwd: folder });
  expect(table.out.match(/WS \/v1\/responses/g)).toHaveLength(2);
  const shown = await runCli(['show', 'ws.har', '2'], { cwd: folder });
  expect(shown.out).toMatch(/with earlier +2 items\n[\s\S]*x1[^\n]*Be kind\.\n[\s\S]*x2[^\n]*Hi\.\n/);
  expect(shown.out).toMatch(/WebSocket +closed by client with 1000/);
  expect(await runCli(['show', 'ws.har', '2', '--curl'], { cwd: folder })).toMatchObject({ code: 2 });
  expect(await runCli(['validate', 'ws.har', '--profile', 'strict'], { cwd: folder })).toMatchObject({ code: 0 });
  expect(await runCli(['explain', 'ws.har'], { cwd: folder })).toMatchObject({ code: 0 });

  const player = startCli(['play', 'ws.har', '--strict'], { cwd: folder });
  expect(await talk((await player.listening).url)).toBe(said);
  player.child.kill('SIGINT');
  expect(await player.exit).toBe(0);
}, 30_000);

test('--no-websocket answers every upgrade with 426 and asks nobody', async () => {
  const run = startCli(['proxy', '--no-websocket', '--upstream', upstream.url], { cwd: folder });
  const { url } = await run.listening;
  const socket = new WebSocket(`${url.replace('http', 'ws')}/responses`);
  const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
  expect(error.message).toContain('426');
  expect(upstream.upgrades).toEqual([]);
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(0);
}, 20_000);
