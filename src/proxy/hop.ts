import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** How a WebSocket ended, as RFC 6455 section 7.1.5 has it: 1005 without a code, 1006 without a close frame. */
export interface Close {
  code: number;
  reason: string;
}

/** Policy numbers of a hop; bytes and milliseconds. */
export interface HopLimits {
  backlogBytes: number;
  compressBytes: number;
  closeMs: number;
}

export interface HopEvents {
  message(data: Buffer, binary: boolean): void;
  ping(data: Buffer): void;
  /** A pong that answers none of our pings. */
  pong(data: Buffer): void;
  /** No more than `backlogBytes` are waiting to be sent any longer. */
  drained(): void;
  /** Once. `fault`: what this end sent cannot be taken, so we close it with that code ourselves. */
  closed(close: Close, fault: boolean): void;
}

/** Close codes for what `ws` finds wrong with what it reads (RFC 6455 section 7.4.1); anything else is 1002. */
const FAULT_CODES: Record<string, number> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_INVALID_UTF8: 1007,
};

const ABRUPT = 1006;
const NO_CODE = 1005;

/** One of the two connections of a relayed WebSocket: framing is `ws`'s, flow and ending are ours. */
export class Hop {
  readonly #socket: WebSocket;
  readonly #transport: Socket;
  readonly #limits: HopLimits;
  #events: HopEvents | undefined;
  #waitingBytes = 0;
  #waiting = 0;
  #pings = 0;
  #holds = 0;
  #ended = false;
  #breaking = false;

  /** @param socket open and paused */
  constructor(socket: WebSocket, transport: Socket, limits: HopLimits) {
    this.#socket = socket;
    this.#transport = transport;
    this.#limits = limits;
    socket.on('message', (data, binary) => this.#events?.message(data as Buffer, binary));
    socket.on('ping', (data) => this.#events?.ping(data));
    socket.on('pong', (data) => {
      if (this.#pings > 0) this.#pings -= 1;
      else this.#events?.pong(data);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('WS_ERR_'))
        this.#end({ code: FAULT_CODES[error.code] ?? 1002, reason: error.message }, true);
    });
    socket.on('close', (code, reason) => this.#end({ code, reason: reason.toString() }, false));
  }

  /** Begins to read. */
  start(events: HopEvents): void {
    this.#events = events;
    this.#socket.resume();
  }

  /** More is waiting than should be: whoever feeds this hop is to pause. */
  get full(): boolean {
    return this.#waitingBytes > this.#limits.backlogBytes;
  }

  /** A close frame has been read or written: `closed` follows when the connection is down. */
  get closing(): boolean {
    return this.#socket.readyState !== this.#socket.OPEN;
  }

  send(data: Buffer, binary: boolean): void {
    if (this.#ended) return;
    this.#waiting += 1;
    this.#waitingBytes += data.length;
    const compress = data.length >= this.#limits.compressBytes;
    this.#socket.send(data, { binary, compress }, () => {
      const wasFull = this.full;
      this.#waiting -= 1;
      this.#waitingBytes -= data.length;
      if (this.#breaking && this.#waiting === 0) this.#cut();
      else if (wasFull && !this.full) this.#events?.drained();
    });
  }

  ping(data: Buffer): void {
    if (this.#ended) return;
    this.#pings += 1;
    this.#socket.ping(data, undefined, () => {});
  }

  pong(data: Buffer): void {
    if (!this.#ended) this.#socket.pong(data, undefined, () => {});
  }

  /** Stops reading; as often as it is called, `release` must be. */
  hold(): void {
    this.#holds += 1;
    if (this.#holds === 1) this.#socket.pause();
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds === 0) this.#socket.resume();
  }

  /** Ends this hop as the other one ended, after all that was sent. */
  close({ code, reason }: Close): void {
    if (this.#ended) return;
    if (code === ABRUPT) this.#breakOff();
    else if (code === NO_CODE) this.#socket.close();
    else this.#socket.close(code, cutReason(reason));
    // A paused socket would never see the answer to a close frame.
    if (this.#holds > 0) this.#socket.resume();
  }

  /** Closes the connection without a close frame, so that the other end sees 1006, as soon as what was sent has left. */
  #breakOff(): void {
    this.#breaking = true;
    // Whoever takes nothing any more is not waited for.
    this.#transport.setTimeout(this.#limits.closeMs, () => this.#transport.destroy());
    if (this.#waiting === 0) this.#cut();
  }

  #cut(): void {
    this.#transport.end(() => this.#transport.destroy());
  }

  /** Ends it at once; what is waiting is lost. */
  destroy(): void {
    this.#socket.terminate();
  }

  #end(close: Close, fault: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events?.closed(close, fault);
  }
}

/** RFC 6455 section 5.5: a control frame has 125 bytes at most, two of them for the code. */
function cutReason(reason: string): string {
  let cut = reason;
  while (Buffer.byteLength(cut) > 123) cut = cut.slice(0, -1);
  return cut;
}
