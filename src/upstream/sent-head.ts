import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { splitHead } from '../util/headers.ts';
import { rememberRecent } from '../util/recent.ts';
import type { RawHeaders } from '../util/types.ts';

/**
 * The request head as it is written. undici moves `host` to the front, adds `connection` and leaves out what it will
 * not send, so the list that was handed over is not what crosses the wire. Its diagnostics channel publishes the written
 * head synchronously right after `onConnect`, which is how a publication finds its request. Over HTTP/2 the fields are those
 * after the pseudo-header fields, which say no more than the method and the URL do.
 */
export interface SentHead {
  httpVersion: '1.1' | '2';
  method: string;
  target: string;
  headers: RawHeaders;
}

type Listener = (head: SentHead) => void;

const CHANNEL = 'undici:client:sendHeaders';
let awaiting: Listener | undefined;
let watchers = 0;

function onSend(message: unknown): void {
  if (awaiting) tellSentHead(parseHead((message as { headers: string }).headers));
}

/** Gives the head that is written to whoever waits for it; called right after `onConnect`. */
export function tellSentHead(head: SentHead): void {
  const listener = awaiting;
  awaiting = undefined;
  listener?.(head);
}

/** Call in `onConnect`: the listener gets the head that is about to be written, in the same tick. */
export function expectSentHead(listener: Listener): void {
  awaiting = listener;
}

/** Subscribes while somebody records; answers with the function that ends it. Without subscribers undici skips the work. */
export function watchSentHeads(): () => void {
  if (watchers++ === 0) subscribe(CHANNEL, onSend);
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    if (--watchers === 0) unsubscribe(CHANNEL, onSend);
  };
}

/** Reads a request head as it was written: request line and header lines. Most are those of a request before. */
export const parseHead: (text: string) => Readonly<SentHead> = rememberRecent(readHead);

function readHead(text: string): SentHead {
  const { line, fields } = splitHead(text);
  const [method = '', target = ''] = line.split(' ');
  return { httpVersion: '1.1', method, target, headers: fields };
}
