import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { type Closer, Connection, type ConnectionSetup } from './connection.ts';
import { type Close, Hop, type HopEvents, type HopLimits } from './hop.ts';

export interface SocketRelaySetup {
  /** Both open and paused. */
  client: { socket: WebSocket; transport: Socket };
  upstream: { socket: WebSocket; transport: Socket };
  limits: HopLimits;
  connection: ConnectionSetup;
  /** Told once, when one side has ended; the other one follows. */
  onOver(): void;
}

/** RFC 6455 section 7.4.1: an endpoint goes away. */
const GOING_AWAY: Close = { code: 1001, reason: 'the proxy was stopped' };

/**
 * Hands the messages of one WebSocket through, whole, in order and both ways, with backpressure; each hop is compressed or
 * not as its two ends agreed. The end of one side, with its code or abrupt, becomes that of the other.
 */
export class SocketRelay {
  readonly #setup: SocketRelaySetup;
  readonly #connection: Connection;
  readonly #client: Hop;
  readonly #upstream: Hop;
  #waitsForRoom = false;
  #draining = false;
  #over = false;

  constructor(setup: SocketRelaySetup) {
    this.#setup = setup;
    this.#connection = new Connection(setup.connection);
    this.#client = new Hop(setup.client.socket, setup.client.transport, setup.limits);
    this.#upstream = new Hop(setup.upstream.socket, setup.upstream.transport, setup.limits);
    this.#client.start({
      ...this.#control(this.#upstream, 'client'),
      message: (data, binary) => this.#fromClient(data, binary),
    });
    this.#upstream.start({
      ...this.#control(this.#client, 'upstream'),
      message: (data, binary) => this.#fromUpstream(data, binary),
    });
  }

  /** Exchanges under way. */
  get active(): number {
    return this.#connection.active;
  }

  /** Ends the connection as soon as no exchange is under way. */
  drain(): void {
    this.#draining = true;
    this.#endWhenIdle();
  }

  /** Ends the connection now; what is under way is cut off. */
  stop(): void {
    if (this.#over) return;
    this.#finish('tapedeck', GOING_AWAY);
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #fromClient(data: Buffer, binary: boolean): void {
    if (this.#over) return;
    this.#connection.fromClient(data, binary);
    pass(data, binary, this.#client, this.#upstream);
    this.#waitForRoom();
  }

  #fromUpstream(data: Buffer, binary: boolean): void {
    if (this.#over) return;
    this.#connection.fromUpstream(data, binary);
    pass(data, binary, this.#upstream, this.#client);
    this.#waitForRoom();
    if (this.#draining) this.#endWhenIdle();
  }

  /** The recorder's queue before the disk is full: the client's next messages wait, nothing is dropped. */
  #waitForRoom(): void {
    const room = this.#setup.connection.recorder?.room();
    if (!room || this.#waitsForRoom) return;
    this.#waitsForRoom = true;
    this.#client.hold();
    room.then(() => {
      this.#waitsForRoom = false;
      this.#client.release();
    });
  }

  #control(other: Hop, side: Closer): Omit<HopEvents, 'message'> {
    return {
      ping: (data) => other.ping(data),
      pong: (data) => other.pong(data),
      drained: () => other.release(),
      closed: (close, fault) => {
        if (this.#over) return;
        this.#finish(fault ? 'tapedeck' : side, close);
        other.close(close);
      },
    };
  }

  #endWhenIdle(): void {
    if (this.#over || this.#connection.active > 0) return;
    // Somebody was faster: that end is the one that counts.
    if (this.#client.closing || this.#upstream.closing) return;
    this.#finish('tapedeck', GOING_AWAY);
    this.#client.close(GOING_AWAY);
    this.#upstream.close(GOING_AWAY);
  }

  #finish(by: Closer, close: Close): void {
    this.#over = true;
    this.#connection.close(by, close);
    this.#setup.onOver();
  }
}

/** Sends a message on; when too much is waiting there, no more is read here until it has left (`drained`). */
function pass(data: Buffer, binary: boolean, from: Hop, to: Hop): void {
  const wasFull = to.full;
  to.send(data, binary);
  if (!wasFull && to.full) from.hold();
}
