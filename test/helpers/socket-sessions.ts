import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import { handshake, type TestSocketServer } from './websocket.ts';

/** A captured connection of a real Codex; fixtures/websocket/README.md says what is in it. */
export interface SocketSession {
  scenario: string;
  url: string;
  headers: string[];
  messages: [ms: number, type: 'send' | 'receive', text: string][];
  close?: { code: number; reason: string };
}

export const SESSION_VERSIONS = ['0.113.0', '0.122.0', '0.169.0'] as const;

export function socketSessions(version: string): SocketSession[] {
  const text = readFileSync(new URL(`../../fixtures/websocket/${version}.jsonl`, import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SocketSession);
}

/** Says to a server what Codex said, waits for each answer, and leaves as abruptly as it does. Gives what came. */
export async function sayAsCodex(url: string, session: SocketSession): Promise<string[]> {
  const headers: Record<string, string> = { authorization: 'Bearer made-up' };
  for (let i = 0; i < session.headers.length; i += 2) {
    const name = session.headers[i]!;
    if (!/^sec-websocket-/i.test(name)) headers[name] = session.headers[i + 1]!;
  }
  const client = handshake(new WebSocket(`${url.replace(/^http/, 'ws')}/responses`, { headers }));
  await client.open;
  const heard: string[] = [];
  for (const [, type, text] of session.messages) {
    if (type === 'send') client.send(text);
    else heard.push((await client.next()).toString());
  }
  // By the pong all that was said before has arrived.
  const pong = once(client.socket, 'pong');
  client.socket.ping();
  await pong;
  client.socket.terminate();
  await client.closed;
  return heard;
}

/** Answers one connection as the captured server did. */
export async function answerAsCaptured(server: TestSocketServer, session: SocketSession): Promise<void> {
  const peer = await server.accept();
  for (const [, type, text] of session.messages) {
    if (type === 'receive') peer.send(text);
    else if ((await peer.next()).toString() !== text) throw new Error(`another message came in ${session.scenario}`);
  }
  await peer.closed;
}
