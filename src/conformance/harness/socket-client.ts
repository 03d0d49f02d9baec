import { WebSocket } from 'ws';
import { headerPairs } from '../../util/headers.ts';
import { inTime, MOST_WAITS } from './stop.ts';

/** A WebSocket of the check client, or the refusal of one. */
export interface SocketReply {
  /** 101, or what the upgrade was answered with; 0: nothing that is HTTP. */
  status: number;
  send(message: object | string): void;
  /** The next message as JSON (a text that is none, as it is); undefined when the connection is over. */
  next(): Promise<unknown>;
  /**
   * Messages up to the one whose `type` fits, that one included; ends early when the connection does. What is no JSON object is an empty
   * one.
   */
  until(type: RegExp): Promise<Record<string, unknown>[]>;
  /** Whether a message came as binary, which Codex takes for an error. */
  gotBinary(): boolean;
  /** Close code once the connection is over; 1006 when it ended without a close frame. */
  closed: Promise<number>;
  close(): void;
}

/** Asks for a WebSocket as Codex does. A refusal is a value. */
export async function openSocket(url: URL, headers: readonly string[], timeoutMs: number): Promise<SocketReply> {
  const address = new URL(url);
  address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const named = Object.fromEntries(headerPairs(headers).filter(([name]) => !/^(?:host|content-)/i.test(name)));
  const socket = new WebSocket(address, { headers: named, perMessageDeflate: true, maxPayload: 64 * 1024 * 1024 });
  const messages: unknown[] = [];
  let over = false;
  let binary = false;
  let wake = () => {};
  const closed = new Promise<number>((resolve) => {
    socket.on('close', (code) => {
      over = true;
      wake();
      resolve(code);
    });
  });
  socket.on('message', (data, isBinary) => {
    binary ||= isBinary;
    messages.push(readMessage(String(data)));
    wake();
  });
  const status = await inTime(
    new Promise<number>((resolve) => {
      socket.on('open', () => resolve(101));
      socket.on('unexpected-response', (_request, response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      socket.on('error', () => resolve(0));
    }),
    timeoutMs,
    'the answer to the WebSocket upgrade',
  ).catch((error) => {
    socket.terminate();
    throw error;
  });
  let given = 0;
  const next = async (): Promise<unknown> => {
    while (messages.length <= given && !over) {
      const more = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await inTime(more, timeoutMs, `message ${given + 1} over WebSocket`);
    }
    return messages.length > given ? messages[given++] : undefined;
  };
  const upTo = async (type: RegExp): Promise<Record<string, unknown>[]> => {
    const list: Record<string, unknown>[] = [];
    for (let message = await next(); message !== undefined; message = await next()) {
      const fields = typeof message === 'object' && message !== null ? (message as Record<string, unknown>) : {};
      list.push(fields);
      if (type.test(String(fields.type))) break;
    }
    return list;
  };
  return {
    status,
    next,
    closed,
    gotBinary: () => binary,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    until: (type) => inTime(upTo(type), MOST_WAITS * timeoutMs, 'the end of the answer over WebSocket'),
    close: () => socket.terminate(),
  };
}

function readMessage(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
