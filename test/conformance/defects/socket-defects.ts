import { CLIENT_KEY, type Defect } from './defect.ts';
import type { Json } from './hop.ts';
import type { SocketHooks, UpgradeHooks } from './socket-hop.ts';

const MEASURED = 'codex-wire.md section 6';
const SPEC = 'Open Responses specification, WebSocket';

/** A gateway that is right but for its WebSockets. */
function defect(
  id: string,
  what: string,
  seen: string,
  caughtBy: string,
  connection: () => SocketHooks,
  more: UpgradeHooks = {},
): Defect {
  const check = caughtBy.includes('.') ? caughtBy : `responses.websocket.${caughtBy}`;
  return { id: `socket-${id}`, what, seen, caughtBy: check, front: { upgrade: { ...more, connection } } };
}

const END = /^(?:response\.(?:completed|failed|incomplete)|error)$/;

const isDelta = ({ type }: Json) => type === 'response.output_text.delta';
const isEnd = ({ type }: Json) => END.test(String(type));
const isError = ({ type }: Json) => type === 'error';

/** Leaves one field of a message out. */
function without(message: Json, ...fields: string[]): Json {
  return Object.fromEntries(Object.entries(message).filter(([name]) => !fields.includes(name)));
}

/** Changes messages of one kind on their way to the client. */
function changing(fits: (message: Json) => boolean, change: (message: Json) => Json): () => SocketHooks {
  return () => ({ down: (message) => [fits(message) ? change(message) : message] });
}

function errorOf({ error }: Json): Json {
  return (error ?? {}) as Json;
}

/** Two pieces of a text change places. */
function swapping(): SocketHooks {
  let held: Json | undefined;
  let swapped = false;
  return {
    down(message) {
      if (isDelta(message) && !swapped && held === undefined) {
        held = message;
        return [];
      }
      if (held === undefined) return [message];
      const said = [message, held];
      held = undefined;
      swapped = true;
      return said;
    },
  };
}

/** Counts what the client asks for on a connection. */
function onRequest(change: (message: Json, nth: number) => Json | undefined): () => SocketHooks {
  return () => {
    let nth = 0;
    return { up: (message) => change(message, ++nth) };
  };
}

/** What was said on a connection stands in front of each further request. */
function remembering(): SocketHooks {
  const before: unknown[] = [];
  return {
    up(message) {
      const input = Array.isArray(message.input) ? message.input : [];
      const all = [...before, ...input];
      before.push(...input);
      return { ...message, input: all };
    },
  };
}

/** A request that comes while another one is answered is lost. */
function oneAtATime(): SocketHooks {
  let busy = false;
  return {
    up(message) {
      if (busy) return undefined;
      busy = true;
      return message;
    },
    down(message) {
      if (isEnd(message)) busy = false;
      return [message];
    },
  };
}

/** Nothing is answered on a connection after an error. */
function sulking(): SocketHooks {
  let failed = false;
  return {
    up: (message) => (failed ? undefined : message),
    down(message) {
      failed ||= isError(message);
      return [message];
    },
  };
}

/** Defects of gateways that accept WebSockets, or refuse them. */
export const SOCKET_DEFECTS: readonly Defect[] = [
  defect('refused-404', 'upgrades are refused with 404', MEASURED, 'upgrade', () => ({}), { refuse: 404 }),
  defect('silent', 'an upgrade is accepted, and nothing is answered', MEASURED, 'upgrade', () => ({
    up: () => undefined,
  })),
  defect('delta-lost', 'one piece of a text is lost', 'gateways.md section 4: deltas lost', 'answer', () => {
    let lost = false;
    return {
      down(message) {
        if (lost || !isDelta(message)) return [message];
        lost = true;
        return [];
      },
    };
  }),
  defect('merged', 'two events come in one message', SPEC, 'answer', () => ({
    down: (message) => (isDelta(message) ? [`${JSON.stringify(message)}\n${JSON.stringify(message)}`] : [message]),
  })),
  defect('reordered', 'two pieces of a text change places', 'relays that answer out of a pool', 'answer', swapping),
  defect('as-sse', 'messages are lines of an event stream', 'relays that copy the stream', 'upgrade', () => ({
    down: (message) => [`data: ${JSON.stringify(message)}\n\n`],
  })),
  defect('binary', 'messages come as binary', MEASURED, 'answer', () => ({
    down: (message) => [Buffer.from(JSON.stringify(message))],
  })),
  defect(
    'second-turn-hangs',
    'the second request on a connection is never answered',
    'relays that read one message',
    'sequential',
    onRequest((message, nth) => (nth === 2 ? undefined : message)),
  ),
  defect('closed-after-answer', 'the connection is closed after an answer', SPEC, 'sequential', () => {
    let over = false;
    return {
      down(message) {
        if (over) return 1000;
        over = isEnd(message);
        return [message];
      },
    };
  }),
  defect(
    'continuation-lost',
    'previous_response_id is dropped',
    'gateways-measured: previous_response_id dropped',
    'continuation',
    onRequest((message) => without(message, 'previous_response_id')),
  ),
  defect(
    'unknown-id-ignored',
    'a response that does not exist is passed over',
    'gateways-measured: previous_response_id dropped',
    'not-found',
    onRequest((message) => without(message, 'previous_response_id')),
  ),
  defect(
    'id-of-another-connection',
    'a response of another connection is passed over',
    SPEC,
    'reconnect',
    onRequest((message) => without(message, 'previous_response_id')),
  ),
  defect(
    'prewarm-answered',
    '`generate: false` is dropped, and the model asked',
    MEASURED,
    'prewarm',
    onRequest((message) => without(message, 'generate')),
  ),
  defect(
    'small-messages',
    'messages of more than 1 MiB end the connection',
    '`ws` and many servers',
    'large-message',
    () => ({
      limit: 1024 * 1024,
    }),
  ),
  defect('error-as-close', 'an error is a close code, without a message', SPEC, 'error', () => ({
    down: (message) => (isError(message) ? 1011 : [message]),
  })),
  defect(
    'error-code-lost',
    'the code of an error is lost',
    SPEC,
    'error',
    changing(isError, (message) => ({
      ...message,
      error: without(errorOf(message), 'code'),
    })),
  ),
  defect(
    'error-status-lost',
    'the status of an error is lost',
    MEASURED,
    'error',
    changing(isError, (message) => without(message, 'status')),
  ),
  defect(
    'retry-after-lost',
    'the headers of an error are lost',
    MEASURED,
    'rate-limit',
    changing(isError, (message) => without(message, 'headers')),
  ),
  defect('silent-after-error', 'a connection falls silent after an error', MEASURED, 'after-error', sulking),
  defect('second-at-once-lost', 'a request beside another one is lost', SPEC, 'two-at-once', oneAtATime),
  defect('chains-run-together', 'what was said before stands in a new chain', SPEC, 'new-chain', remembering),
  defect(
    'open-to-all',
    'upgrades need no key',
    'checks of keys in front of POST alone',
    'security.auth.websocket',
    () => ({}),
    {
      headers(headers) {
        headers.authorization = `Bearer ${CLIENT_KEY}`;
      },
    },
  ),
];
