import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { answerTurn } from '../../src/conformance/provider/default-answer.ts';
import type { ScriptStep } from '../../src/conformance/script.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { validateMessages } from '../../src/validate/document.ts';
import { handshake, type SocketPeer } from '../helpers/websocket.ts';

let upstream: ScriptedUpstream;
afterEach(() => upstream.close());

async function connect(script?: ScriptStep[]): Promise<SocketPeer> {
  upstream = await startScriptedUpstream({ websocket: 'accept', ...(script ? { script } : {}) });
  const peer = handshake(new WebSocket(`${upstream.url.replace('http', 'ws')}/responses`));
  await peer.open;
  return peer;
}

type Json = Record<string, unknown>;

/** Sends a `response.create` and reads up to the terminal event. */
async function ask(peer: SocketPeer, create: Json): Promise<{ texts: string[]; last: Json; id: string }> {
  peer.send(JSON.stringify({ type: 'response.create', model: 'm', ...create }));
  const texts: string[] = [];
  for (;;) {
    texts.push(String(await peer.next()));
    const last = JSON.parse(texts.at(-1)!) as Json;
    if (/^error$|\.(?:completed|failed|incomplete)$/.test(String(last.type)))
      return { texts, last, id: String((last.response as Json | undefined)?.id) };
  }
}

const user = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });

describe('the scripted upstream over WebSocket', () => {
  it('answers each response.create with the events of the script, without a finding', async () => {
    const peer = await connect([
      { when: { endpoint: 'responses' }, answer: answerTurn({ items: [{ type: 'message', text: 'one' }] }) },
      { answer: answerTurn({ items: [{ type: 'message', text: 'two' }] }) },
    ]);
    const first = await ask(peer, { input: [user('hi')] });
    expect(validateMessages('server', first.texts, 'complete', ['strict', 'tolerant', 'codex'])).toEqual([]);
    expect(first.texts.join('')).toContain('"text":"one"');
    expect((await ask(peer, { input: [user('hi')] })).texts.join('')).toContain('"text":"two"');
    expect(upstream.upgrades).toEqual(['/v1/responses']);
    peer.socket.terminate();
  });

  it('knows a prewarm and what came before: scripts see the whole input', async () => {
    const peer = await connect();
    const warm = await ask(peer, {
      generate: false,
      input: [{ type: 'message', role: 'developer', content: 'be kind' }],
    });
    expect(warm.last).toMatchObject({ type: 'response.completed', response: { output: [] } });
    expect(upstream.requests).toEqual([]);
    const answer = await ask(peer, { previous_response_id: warm.id, input: [user('hi')] });
    const next = await ask(peer, { previous_response_id: answer.id, input: [user('and now?')] });
    expect(next.last.type).toBe('response.completed');
    const roles = (n: number) => (upstream.requests[n]!.json!.input as Json[]).map(({ role }) => role);
    expect(roles(0)).toEqual(['developer', 'user']);
    expect(roles(1)).toEqual(['developer', 'user', 'assistant', 'user']);
    expect(upstream.requests.map(({ endpoint, nth, method }) => [endpoint, nth, method])).toEqual([
      ['responses', 1, 'GET'],
      ['responses', 2, 'GET'],
    ]);
    peer.socket.terminate();
  });

  it('does not know a response of another connection', async () => {
    const peer = await connect();
    const { last } = await ask(peer, { previous_response_id: 'resp_other', input: [] });
    expect(last).toMatchObject({ type: 'error', status: 400, error: { code: 'previous_response_not_found' } });
    peer.socket.terminate();
  });

  it('sends an error as one message, with status and headers', async () => {
    const body = { error: { type: 'rate_limit_error', code: 'rate_limit_exceeded', message: 'slow down' } };
    const peer = await connect([{ answer: { kind: 'body', status: 429, headers: { 'retry-after': '1' }, body } }]);
    expect((await ask(peer, { input: [] })).last).toEqual({
      type: 'error',
      status: 429,
      error: body.error,
      headers: { 'retry-after': '1' },
    });
    peer.socket.terminate();
  });

  it('ends too early with 1011, and abruptly on a reset', async () => {
    const events = [{ event: 'response.created', data: { type: 'response.created', response: { id: 'r' } } }];
    const peer = await connect([{ answer: { kind: 'events', events } }, { answer: { kind: 'reset' } }]);
    peer.send('{"type":"response.create"}');
    await peer.next();
    expect((await peer.closed).code).toBe(1011);
    const other = handshake(new WebSocket(`${upstream.url.replace('http', 'ws')}/responses`));
    await other.open;
    other.send('{"type":"response.create"}');
    expect((await other.closed).code).toBe(1006);
  });
});
