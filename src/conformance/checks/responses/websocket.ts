import { type Check, OWN_PROVIDER } from '../../check.ts';
import type { SocketReply } from '../../harness/socket-client.ts';
import type { Trial } from '../../harness/trial.ts';
import { defaultAnswer, problem } from '../../provider/default-answer.ts';
import { holdsText } from '../shared/strings.ts';
import { startOfJson } from '../shared/words.ts';

type Json = Record<string, unknown>;

/** Types of the messages that end an answer. */
export const END = /^(?:response\.(?:completed|failed|incomplete)|error)$/;
const SOURCE = 'Codex 0.122.0 and 0.169.0, measured: its built-in provider asks for a WebSocket first';
const OPEN_RESPONSES = 'Open Responses specification, WebSocket';

/** The message that asks for an answer. */
export function create(t: Trial, text: string, more: Json = {}): Json {
  const { stream: _, ...body } = t.prompt({ text });
  return { type: 'response.create', ...body, ...more };
}

/** An accepted socket; a gateway without one is no worse for it when it says so. */
export async function accepted(t: Trial): Promise<SocketReply> {
  const socket = await t.socket();
  if (socket.status === 101) return socket;
  return t.stop('unsupported', `the gateway answers WebSocket upgrades with ${socket.status}`);
}

export async function ask(socket: SocketReply, message: Json): Promise<Json[]> {
  socket.send(message);
  return socket.until(END);
}

function textOf(events: readonly Json[]): string {
  return events.map(({ type, delta }) => (type === 'response.output_text.delta' ? String(delta) : '')).join('');
}

function responseOf(events: readonly Json[]): Json {
  return (events.at(-1)?.response ?? {}) as Json;
}

export function expectCompleted(t: Trial, events: readonly Json[], what: string): boolean {
  const last = events.at(-1);
  const told = last === undefined ? 'the connection closed' : startOfJson(last, 200);
  return t.expect(last?.type === 'response.completed', `${what} does not end with response.completed: ${told}`, {
    where: 'answer',
  });
}

/** What the checks of WebSockets have in common. */
export const OVER_SOCKET = {
  revision: 1,
  level: 'should',
  profiles: ['codex', 'open-responses'],
  codex: OWN_PROVIDER,
  needs: 'upstream',
  clients: ['responses'],
} as const;

export const WEBSOCKET_CHECKS: readonly Check[] = [
  {
    ...OVER_SOCKET,
    id: 'responses.websocket.upgrade',
    requirement: 'A WebSocket upgrade is accepted and works, or is refused with 426.',
    source: `${SOURCE}; on 426 it uses HTTP at once, any other refusal costs seven attempts and 6.4 s`,
    level: 'must',
    // That other clients ask for one nobody has seen.
    profiles: ['codex'],
    reaches: false,
    async run(t) {
      const socket = await t.socket();
      if (socket.status === 426) return;
      if (socket.status !== 101) {
        t.expect(false, `the upgrade is answered with ${socket.status}: Codex tries seven times before it uses HTTP`, {
          where: 'answer',
          // It comes through in the end, and asks for WebSockets only where it takes the gateway for OpenAI or is told to.
          lesser: true,
        });
        return;
      }
      const events = await ask(socket, create(t, 'Say something.'));
      expectCompleted(t, events, 'the first answer over an accepted WebSocket');
    },
  },
  {
    ...OVER_SOCKET,
    revision: 2,
    id: 'responses.websocket.answer',
    requirement: 'An answer over WebSocket has the same events as one over HTTP, one message of text each.',
    source: SOURCE,
    async run(t) {
      const socket = await accepted(t);
      const events = await ask(socket, create(t, 'Say something.'));
      if (!expectCompleted(t, events, 'the answer')) return;
      t.expect(!socket.gotBinary(), 'messages come as binary', { where: 'answer' });
      const over = await t.ask();
      // How many pieces a text is told in may differ from one time to the next, and some events say nothing.
      const types = (list: readonly unknown[]) =>
        list
          .map((event) => (event as Json | undefined)?.type)
          .filter((type) => type !== undefined && type !== 'response.in_progress' && type !== 'ping')
          .filter((type, i, all) => type !== all[i - 1]);
      t.expectSame(types(events), types(over.events), 'the events are not the same', { where: 'answer' });
      t.expectSame(textOf(events), over.text, 'the text is not the same', { where: 'answer' });
    },
  },
  {
    ...OVER_SOCKET,
    id: 'responses.websocket.sequential',
    requirement: 'Several answers can be asked for on one connection, one after the other.',
    source: `${OPEN_RESPONSES}; ${SOURCE}`,
    async run(t) {
      const socket = await accepted(t);
      for (const text of ['First.', 'Second.', 'Third.'])
        if (!expectCompleted(t, await ask(socket, create(t, text)), `the answer to ${text}`)) return;
    },
  },
  {
    ...OVER_SOCKET,
    id: 'responses.websocket.continuation',
    requirement:
      'A request that names the response before it on the connection is understood with what was said then, or refused with previous_response_not_found.',
    source: `${OPEN_RESPONSES}; ${SOURCE}: it sends only what is new`,
    async run(t) {
      const socket = await accepted(t);
      const first = await ask(socket, create(t, 'The word is tamarind.'));
      if (!expectCompleted(t, first, 'the first answer')) return;
      const { id } = responseOf(first);
      const second = await ask(socket, create(t, 'Which word was it?', { previous_response_id: id }));
      if (codeOf(second) === 'previous_response_not_found') return;
      if (!expectCompleted(t, second, 'the continuation')) return;
      const last = t.upstream.calls.at(-1)?.request.json;
      const told = holdsText(last, 'tamarind') || last?.previous_response_id !== undefined;
      t.expect(told, 'the provider was not told what was said before', { where: 'upstream request' });
    },
  },
  {
    ...OVER_SOCKET,
    revision: 2,
    id: 'responses.websocket.not-found',
    requirement:
      'A response that does not exist is answered with previous_response_not_found, and the connection goes on.',
    source: `${OPEN_RESPONSES}; Codex then sends the whole conversation`,
    async run(t) {
      const socket = await accepted(t);
      forgetful(t);
      const events = await ask(socket, create(t, 'Go on.', { previous_response_id: 'resp_made_up_and_unknown' }));
      t.expectSame(codeOf(events), 'previous_response_not_found', 'the code is another one', { where: 'answer' });
      expectCompleted(t, await ask(socket, create(t, 'From the beginning.')), 'the next answer on the connection');
    },
  },
  {
    ...OVER_SOCKET,
    revision: 2,
    id: 'responses.websocket.reconnect',
    requirement: 'A response of an earlier connection is not taken for one of this connection when nothing is stored.',
    source: OPEN_RESPONSES,
    async run(t) {
      const first = await ask(await accepted(t), create(t, 'The word is tamarind.'));
      if (!expectCompleted(t, first, 'the first answer')) return;
      const again = await accepted(t);
      forgetful(t);
      const events = await ask(again, create(t, 'Which word was it?', { previous_response_id: responseOf(first).id }));
      if (codeOf(events) === 'previous_response_not_found') return;
      const told = holdsText(t.upstream.calls.at(-1)?.request.json, 'tamarind');
      t.expect(told, 'the response is neither known nor refused: what was said is lost', { where: 'answer' });
    },
  },
  {
    ...OVER_SOCKET,
    id: 'responses.websocket.prewarm',
    requirement: 'A request with `generate: false` is answered with a response without output.',
    source: 'Codex 0.169.0, measured: it opens every session with one',
    reaches: false,
    async run(t) {
      const events = await ask(await accepted(t), create(t, 'Nothing yet.', { generate: false }));
      if (!expectCompleted(t, events, 'the prewarm')) return;
      t.expectSame(textOf(events), '', 'the prewarm has an output', { where: 'answer' });
    },
  },
  {
    ...OVER_SOCKET,
    id: 'responses.websocket.large-message',
    requirement: 'A message of 4 MiB is carried whole.',
    source: 'long sessions of Codex; `ws` and many servers take 1 MiB unless told otherwise',
    patience: 2,
    async run(t) {
      const end = 'the end of a long text';
      const events = await ask(await accepted(t), create(t, `${'a long text '.repeat(350_000)}${end}`));
      if (!expectCompleted(t, events, 'the answer to a long message')) return;
      t.expect(holdsText(t.upstream.calls.at(-1)?.request.json, end), 'the end of the text is lost', {
        where: 'upstream request',
      });
    },
  },
];

/** A provider that is asked over HTTP knows no response that was not stored, and says so. */
function forgetful(t: Trial): void {
  t.upstream.answer((request, context) =>
    request.method === 'POST' && typeof request.json?.previous_response_id === 'string'
      ? problem(request, 400, 'previous_response_not_found', 'There is no such response.')
      : defaultAnswer(request, context),
  );
}

/** Code of the error that the last message is. */
function codeOf(events: readonly Json[]): unknown {
  const last = events.at(-1);
  const error = (last?.error ?? (last?.response as Json | undefined)?.error) as Json | undefined;
  return error?.code;
}
