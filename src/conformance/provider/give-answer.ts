import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { toUtf8 } from '../../util/bytes.ts';
import type { RawHeaders } from '../../util/types.ts';
import type { Answer, BodyAnswer, EventsAnswer, RawAnswer } from '../script.ts';
import { writeEvent } from './events.ts';

/** Sees an answer as it is written. */
export interface AnswerWatch {
  head(status: number, headers: RawHeaders): void;
  data(bytes: Uint8Array): void;
  /** The body was given to its end, or the scripted upstream broke it off. */
  end(how: 'complete' | 'reset' | 'open'): void;
  /** The other side closed the connection before that. */
  gone(): void;
}

/** Gives an answer to a request over HTTP. Never throws for a client that goes away. */
export async function giveAnswer(answer: Answer, response: ServerResponse, watch?: AnswerWatch): Promise<void> {
  let ended = false;
  response.on('close', () => ended || response.writableFinished || watch?.gone());
  const end = (how: 'complete' | 'reset' | 'open') => {
    // An answer that stays open can still see the client go.
    if (how !== 'open') ended = true;
    watch?.end(how);
  };
  if ('delayMs' in answer && answer.delayMs !== undefined) await wait(answer.delayMs);
  if (answer.kind === 'reset') {
    end('reset');
    response.socket?.resetAndDestroy();
  } else if (answer.kind === 'silence') end('open');
  else if (answer.kind === 'body') giveBody(answer, response, watch, end);
  else await givePieces(answer, response, watch, end);
}

type End = (how: 'complete' | 'reset' | 'open') => void;

function writeHead(
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  watch: AnswerWatch | undefined,
): void {
  response.writeHead(status, headers);
  watch?.head(status, Object.entries(headers).flat());
}

function giveBody(answer: BodyAnswer, response: ServerResponse, watch: AnswerWatch | undefined, end: End): void {
  const bytes = toUtf8(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  const length = { 'content-length': String(bytes.length) };
  writeHead(response, answer.status, { 'content-type': 'application/json', ...answer.headers, ...length }, watch);
  watch?.data(bytes);
  end('complete');
  response.end(bytes);
}

async function givePieces(
  answer: EventsAnswer | RawAnswer,
  response: ServerResponse,
  watch: AnswerWatch | undefined,
  end: End,
): Promise<void> {
  const pieces = answer.kind === 'raw' ? answer.pieces : answer.events;
  if (answer.kind === 'raw') writeHead(response, answer.status, answer.headers, watch);
  else {
    const type = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };
    writeHead(response, 200, { ...type, ...answer.headers }, watch);
  }
  response.flushHeaders();
  for (const [index, piece] of pieces.entries()) {
    await answer.hold?.(index);
    if (response.destroyed) return;
    const bytes = piece instanceof Uint8Array ? piece : toUtf8(writeEvent(piece));
    watch?.data(bytes);
    response.write(bytes);
    // Node joins the writes of one turn of its loop into one; a provider sends each event as it has it.
    await nextTurn();
  }
  const { ending = 'end' } = answer;
  end(ending === 'end' ? 'complete' : ending);
  if (ending === 'reset') response.socket?.resetAndDestroy();
  else if (ending === 'end') response.end();
}
