import type { Check } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { problem } from '../../provider/default-answer.ts';
import { holdsText } from '../shared/strings.ts';
import { startOfJson } from '../shared/words.ts';
import { accepted, ask, create, END, expectCompleted, OVER_SOCKET } from './websocket.ts';

type Json = Record<string, unknown>;

const DOWN = { where: 'answer' } as const;
const MESSAGE = 'made-up failure of the provider';
const SPEC = 'Open Responses specification, WebSocket';
const CLOSED = 'the connection is closed without a word';

/** The provider refuses everything that it is asked. */
function refuse(t: Trial, status: number, code: string, headers: Record<string, string> = {}): void {
  t.upstream.answer((request) => ({ ...problem(request, status, code, MESSAGE), headers }));
}

/** What goes wrong over a WebSocket, and what comes after it. */
export const WEBSOCKET_ERROR_CHECKS: readonly Check[] = [
  {
    ...OVER_SOCKET,
    alone: 'provokes',
    id: 'responses.websocket.error',
    requirement: 'A refusal of the provider is one message `error` with its status, its code and its message.',
    source: `${SPEC}: the envelope of errors; Codex 0.169.0, measured: it acts on the status`,
    async run(t) {
      const socket = await accepted(t);
      refuse(t, 400, 'context_length_exceeded');
      const last = (await ask(socket, create(t, 'Say something.'))).at(-1);
      if (!last) return t.stop('fail', CLOSED);
      const failed = (last.response ?? {}) as Json;
      const error = (last.error ?? failed.error ?? {}) as Json;
      t.expect(
        /^(?:error|response\.failed)$/.test(String(last.type)),
        `the answer ends with ${String(last.type)}`,
        DOWN,
      );
      if (last.type === 'error') t.expectSame(last.status, 400, 'the status is another one', DOWN);
      t.expectSame(error.code, 'context_length_exceeded', 'the code is another one', DOWN);
      t.expect(String(error.message).includes(MESSAGE), `the message is ${String(error.message)}`, DOWN);
    },
  },
  {
    ...OVER_SOCKET,
    alone: 'provokes',
    id: 'responses.websocket.rate-limit',
    requirement: 'A rate limit over WebSocket says with its headers how long to wait.',
    source: 'Codex 0.169.0, measured: it obeys `headers.retry-after` of the message, and then asks over HTTP',
    async run(t) {
      const socket = await accepted(t);
      refuse(t, 429, 'rate_limit_exceeded', { 'retry-after': '7' });
      const last = (await ask(socket, create(t, 'Say something.'))).at(-1);
      if (!last) return t.stop('fail', CLOSED);
      t.expectSame([last.type, last.status], ['error', 429], 'the refusal is another one', DOWN);
      const headers = Object.entries((last.headers ?? {}) as Json).map(([name, value]) => [name.toLowerCase(), value]);
      t.expectSame(Object.fromEntries(headers)['retry-after'], '7', 'retry-after is another one', DOWN);
    },
  },
  {
    ...OVER_SOCKET,
    alone: 'provokes',
    id: 'responses.websocket.after-error',
    revision: 2,
    requirement: 'After a refusal the connection answers the next request, or is closed; it does not just fall silent.',
    source: `${SPEC}; Codex 0.122.0 and 0.169.0, measured: a connection that is silent costs it seven idle timeouts`,
    async run(t) {
      const socket = await accepted(t);
      refuse(t, 400, 'invalid_request');
      await ask(socket, create(t, 'First.'));
      t.upstream.answer((request) => problem(request, 400, 'invalid_request', 'made-up second failure'));
      const last = (await ask(socket, create(t, 'Second.'))).at(-1);
      if (!last) return;
      const said = startOfJson(last, 200);
      t.expect(holdsText(last, 'made-up second failure'), `the second request is answered with ${said}`, DOWN);
    },
  },
  {
    ...OVER_SOCKET,
    id: 'responses.websocket.two-at-once',
    requirement:
      'A request that comes while another one is answered is answered after it, or refused; both get an end.',
    source: `${SPEC}: one response at a time on a connection`,
    async run(t) {
      const socket = await accepted(t);
      socket.send(create(t, 'First.'));
      const first = await ask(socket, create(t, 'Second.'));
      const second = await socket.until(END);
      const ends = [first, second].map((events) => String(events.at(-1)?.type ?? 'the end of the connection'));
      const completed = ends.filter((end) => end === 'response.completed').length;
      t.expect(completed >= 1, `the two requests end with ${ends.join(' and ')}`, DOWN);
    },
  },
  {
    ...OVER_SOCKET,
    id: 'responses.websocket.new-chain',
    requirement:
      'A request without previous_response_id begins a new conversation on the connection: nothing of the one before is told.',
    source: `${SPEC}; Open Responses suite, websocket-compact-new-chain; Codex after a compaction`,
    async run(t) {
      const socket = await accepted(t);
      if (!expectCompleted(t, await ask(socket, create(t, 'The word is tamarind.')), 'the first answer')) return;
      if (!expectCompleted(t, await ask(socket, create(t, 'From the beginning.')), 'the second answer')) return;
      const last = t.upstream.calls.at(-1)?.request.json;
      t.expect(!holdsText(last, 'tamarind'), 'what was said before is told again', { where: 'upstream request' });
    },
  },
];
