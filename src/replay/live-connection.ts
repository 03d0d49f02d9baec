import type { IncomingMessage } from 'node:http';
import type { RawHeaders } from '../util/types.ts';

/**
 * As much of a WebSocket as messages are handed through with: that of `ws` is one. It is said here in our own words, since the types of
 * `ws` are another package, which those who import ours need not have.
 */
export interface LiveConnectionSocket {
  readonly readyState: number;
  /** The `readyState` in which messages can be sent. */
  readonly OPEN: number;
  send(message: Buffer, options: { binary: boolean }): void;
  pause(): void;
  resume(): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'message', listener: (data: Buffer | ArrayBuffer | Buffer[], binary: boolean) => void): unknown;
  once(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
}

/** A WebSocket to where messages go that have no recording. */
export interface LiveConnection {
  /** Open and paused. */
  socket: LiveConnectionSocket;
  /** Of the answer to its upgrade, without those of the handshake. */
  headers: RawHeaders;
}

/** Opens one for what a client asked with its upgrade. Rejects, with an error that says why, when there is none to be had. */
export type OpenLive = (upgrade: IncomingMessage) => Promise<LiveConnection>;
