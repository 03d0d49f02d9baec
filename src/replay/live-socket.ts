import type { WebSocket } from 'ws';
import { endsExchange } from '../protocols/responses/socket.ts';
import type { LiveConnection, LiveConnectionSocket } from './live-connection.ts';

/** The live half of one client's connection: opened for the first message that has no recording, and used for all of them. */
export class LiveSocket {
  readonly #client: WebSocket;
  readonly #open: () => Promise<LiveConnection>;
  #live: Promise<LiveConnectionSocket> | undefined;
  /** Ends the exchange that is under way. */
  #over: (() => void) | undefined;

  /** @param client its end is this one's end */
  constructor(client: WebSocket, open: () => Promise<LiveConnection>, already?: LiveConnection) {
    this.#client = client;
    this.#open = open;
    if (already) this.#live = Promise.resolve(this.#attach(already));
    client.once('close', (code: number, reason: Buffer) => {
      this.#live?.then(
        (socket) => endSocket(socket, code, reason.toString()),
        () => undefined,
      );
    });
  }

  /** Sends a message that begins an exchange, and hands back what is answered, until the exchange or the connection is over. */
  async ask(message: Buffer): Promise<void> {
    this.#live ??= this.#open().then((live) => this.#attach(live));
    let socket: LiveConnectionSocket;
    try {
      socket = await this.#live;
    } catch (error) {
      this.#live = undefined;
      this.#client.send(failureMessage(error));
      return;
    }
    await new Promise<void>((resolve) => {
      this.#over = resolve;
      // The client, or the upstream, may have gone while this one waited for its turn.
      if (socket.readyState !== socket.OPEN) this.#finish();
      else socket.send(message, { binary: false });
    });
  }

  /** Sends what a client says while an exchange is under way; what it says at other times is nobody's business here. */
  tell(message: Buffer, binary: boolean): void {
    if (this.#over) this.#live?.then((socket) => socket.send(message, { binary }));
  }

  #attach({ socket }: LiveConnection): LiveConnectionSocket {
    socket.on('error', () => socket.terminate());
    socket.on('message', (data, binary) => {
      socket.pause();
      this.#client.send(data as Buffer, { binary }, () => socket.resume());
      if (!binary && endsExchange(data as Buffer)) this.#finish();
    });
    socket.once('close', (code: number, reason: Buffer) => {
      this.#live = undefined;
      // Between two exchanges an end is no news: recorded ones may follow, and the next live one gets a connection of its own.
      if (this.#over) endSocket(this.#client, code, reason.toString());
      this.#finish();
    });
    socket.resume();
    return socket;
  }

  #finish(): void {
    this.#over?.();
    this.#over = undefined;
  }
}

/** Ends a connection as the other one ended: 1005 is a close without a code, 1006 none at all. */
export function endSocket(
  socket: Pick<LiveConnectionSocket, 'close' | 'terminate'>,
  code: number,
  reason: string,
): void {
  if (code === 1006) socket.terminate();
  else if (code === 1005) socket.close();
  else socket.close(code, reason);
}

/** The answer that `forward_failed` has over HTTP, as the Responses API tells errors over WebSocket. */
function failureMessage(cause: unknown): string {
  const message = `Tapedeck cannot forward: ${cause instanceof Error ? cause.message : String(cause)}`;
  const error = { type: 'server_error', code: 'forward_failed', message, param: null };
  return JSON.stringify({ type: 'error', status: 502, error });
}
