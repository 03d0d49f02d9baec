import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { type LegMessage, messageLines } from '../../cassette/messages.ts';
import { endsExchange } from '../../protocols/responses/socket.ts';
import { openUpstreamSocket, type UpgradeResult } from '../../upstream/websocket.ts';
import { concatBytes } from '../../util/bytes.ts';
import type { RawHeaders } from '../../util/types.ts';
import { endSocket } from '../live-socket.ts';
import { MESSAGE_BYTES } from '../socket-answer.ts';
import type { SentRequest, SocketScript } from './recorded-request.ts';
import { failureText, type LiveAnswer, SILENT_MS } from './send.ts';

/** A gateway answers an upgrade when its upstream has. */
const UPGRADE_MS = 30_000;

/** For a closing handshake. */
const CLOSE_MS = 1000;

/** For the answer to a ping: RFC 6455 section 5.5.2 wants it as soon as it is practical. */
const PONG_MS = 1000;

/** The WebSockets to the gateway: one for each recorded connection, which its exchanges use one after the other. */
export class GatewaySockets {
  readonly #open = new Map<string, LiveConversation>();

  /**
   * Says what the client said in one exchange, and reads to its last message, or to the end of the connection.
   * @param url whole URL, http or https
   * @throws TapedeckError `gateway-unreachable` when there is nobody to be asked for a WebSocket
   */
  async ask(url: string, sent: SentRequest & { socket: SocketScript }): Promise<LiveAnswer> {
    const { connection, messages, close } = sent.socket;
    const known = connection === undefined ? undefined : this.#open.get(connection);
    if (known && !(await known.isOpen())) {
      this.#open.delete(connection!);
      const broken = `the gateway ended the WebSocket before this exchange: ${known.ending}`;
      return { status: 0, headers: [], body: undefined, broken };
    }
    const opened = known ?? (await open(url, sent));
    if (!(opened instanceof LiveConversation)) return opened;
    if (connection !== undefined) this.#open.set(connection, opened);
    const answer = await opened.perform(messages);
    if (close || answer.broken !== undefined || connection === undefined || messages.length === 0) {
      if (connection !== undefined) this.#open.delete(connection);
      await opened.end(close ?? { code: 1000, reason: '' });
    }
    return answer;
  }

  /** Ends what is still open. */
  async close(): Promise<void> {
    const all = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(all.map((one) => one.end({ code: 1000, reason: '' })));
  }
}

/** Asks for a WebSocket. A refusal is an answer. */
async function open(url: string, sent: SentRequest & { socket: SocketScript }): Promise<LiveConversation | LiveAnswer> {
  const { origin } = new URL(url);
  const request = {
    origin,
    path: url.slice(origin.length),
    headers: sent.headers,
    protocols: sent.socket.protocols,
  };
  const limits = { upgradeMs: UPGRADE_MS, messageBytes: MESSAGE_BYTES, closeMs: CLOSE_MS };
  const result = await new Promise<UpgradeResult>((done) => {
    openUpstreamSocket(request, limits, { sent() {}, done });
  });
  if (result.kind === 'accepted') return new LiveConversation(result.socket, result.head.headers);
  if (result.kind === 'failed') {
    return { status: 0, headers: [], body: undefined, broken: failureText(url, result.error) };
  }
  const { head, body } = result;
  return { status: head.status, headers: head.headers, body, broken: undefined };
}

/** One WebSocket, as its client sees it. What comes between two exchanges belongs to the next one, as in a recording. */
class LiveConversation {
  /** How the gateway ended it; undefined: it has not. */
  #close: { code: number; reason: string } | undefined;
  readonly #socket: WebSocket;
  readonly #headers: RawHeaders;
  #received: LegMessage[] = [];
  #news = () => {};

  /** @param socket paused */
  constructor(socket: WebSocket, headers: RawHeaders) {
    this.#socket = socket;
    this.#headers = headers;
    socket.on('error', () => socket.terminate());
    socket.on('message', (data, binary) => {
      this.#received.push({ ms: 0, data: data as Buffer, binary });
      this.#news();
    });
    socket.once('close', (code: number, reason: Buffer) => {
      this.#close = { code, reason: reason.toString() };
      this.#news();
    });
    socket.resume();
  }

  /** How it ended. */
  get ending(): string {
    return this.#close ? closeText(this.#close) : `nothing came for ${SILENT_MS / 1000} s`;
  }

  /** Whether an exchange may go on with it: an end that the gateway sent behind the last one comes before its pong. */
  async isOpen(): Promise<boolean> {
    if (this.#close) return false;
    const settled = new AbortController();
    const { signal } = settled;
    // Whoever does not answer pings is no reason to wait longer.
    const waits = [once(this.#socket, 'pong', { signal }), once(this.#socket, 'close', { signal })];
    const patience = pause(PONG_MS, undefined, { signal });
    this.#socket.ping(() => {});
    await Promise.race([...waits, patience]).catch(() => {});
    settled.abort();
    await Promise.allSettled([...waits, patience]);
    return this.#close === undefined;
  }

  async perform(script: SocketScript['messages']): Promise<LiveAnswer> {
    const waiting = [...script];
    let isOver = script.length === 0;
    let heard = 0;
    while (!isOver) {
      while (waiting[0] && waiting[0].after <= heard) this.#send(waiting.shift()!);
      const message = this.#received[heard] ?? (await this.#hear());
      if (!message) break;
      heard += 1;
      isOver = !message.binary && endsExchange(message.data);
    }
    for (const message of waiting) this.#send(message);
    const messages = this.#received.splice(0, heard);
    const close = isOver ? undefined : this.#close;
    return {
      status: 101,
      headers: this.#headers,
      body: concatBytes(messageLines(messages).map(({ data }) => data)),
      messages,
      ...(close ? { close } : {}),
      broken: isOver ? undefined : this.ending,
    };
  }

  /** Resolves when it is over. */
  async end({ code, reason }: { code: number; reason: string }): Promise<void> {
    if (this.#close) return;
    // Not `events.once`, which rejects where the gateway says nonsense meanwhile.
    const over = new Promise((resolve) => this.#socket.once('close', resolve));
    endSocket(this.#socket, code, reason);
    await over;
  }

  #send({ data, binary }: { data: Uint8Array; binary: boolean }): void {
    // Of a socket that has ended nothing more is heard than that.
    this.#socket.send(data, { binary }, () => {});
  }

  /** The next message; undefined when the connection has ended, or was silent for too long. */
  async #hear(): Promise<LegMessage | undefined> {
    if (this.#close) return undefined;
    const known = this.#received.length;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, SILENT_MS);
      this.#news = () => {
        clearTimeout(timer);
        this.#news = () => {};
        resolve();
      };
    });
    return this.#received[known];
  }
}

function closeText({ code, reason }: { code: number; reason: string }): string {
  if (code === 1006) return 'it ended without a close frame';
  return `it was closed with ${code}${reason === '' ? '' : `: ${reason}`}`;
}
