import type { WebSocket } from 'ws';
import type { Entry } from '../cassette/format.ts';
import { fromHarHeaders, headText } from '../util/headers.ts';
import { dropHandshake, dropHopByHop } from '../util/hop-by-hop.ts';
import { endSocket } from './live-socket.ts';
import type { MessageAnswer } from './message-answer.ts';

/** Bytes of one message: as the proxy takes, and Codex sends. */
export const MESSAGE_BYTES = 64 * 1024 * 1024;

/** Headers of a recorded answer to an upgrade, as they may be written, without those of its connection. */
export function upgradeHeaders({ response }: Entry): string[] {
  return dropHandshake(dropHopByHop(fromHarHeaders(response.headers))).map(headText);
}

/** Sends the messages of an answer, each at its time, and ends the connection where the answer does. Rejects when it is gone. */
export async function playMessages(
  socket: WebSocket,
  { messages, close }: MessageAnswer,
  pace: (ms: number) => Promise<unknown>,
): Promise<void> {
  for (const { ms, data, binary } of messages) {
    await pace(ms);
    await send(socket, data, binary);
  }
  if (!close) return;
  await pace(messages.at(-1)?.ms ?? 0);
  endSocket(socket, close.code, close.reason);
}

/** Resolves when the message is with the system. */
function send(socket: WebSocket, data: Uint8Array, binary: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(data, { binary }, (error) => (error ? reject(error) : resolve()));
  });
}
