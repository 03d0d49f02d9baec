import type { Outcome } from '../util/types.ts';
import { UNPROCESSED } from './repeat.ts';

/** Why an attempt at the upstream failed, in the terms of a cassette and of an HTTP answer. */
export interface UpstreamFailure {
  outcome: Extract<Outcome, 'refused' | 'timeout' | 'upstream-aborted' | 'upstream-error'>;
  how: 'refused' | 'timeout' | 'reset' | 'closed' | 'error';
  /** What the client is told when no response head has been sent: 502 or 504. */
  status: 502 | 504;
  /** Machine-readable: `upstream_refused`, `upstream_timeout`, … */
  code: string;
  /** For people: what happened and what to look at. */
  message: string;
}

/** What undici says of responses that it cannot connect with a request; it has no code of its own for them. */
const UNASKED = 'bad response';
/** How undici tells that a chunked answer with `connection: close` was cut off: by the words of its parser alone. */
const CUT_OFF = 'Response does not match the HTTP/1.1 protocol (Invalid EOF state)';

type Kind = Omit<UpstreamFailure, 'message'> & { say: (where: string, detail: string) => string };

const REFUSED = { outcome: 'refused', how: 'refused', status: 502 } as const;
const ABORTED = { outcome: 'upstream-aborted', status: 502 } as const;
const CLOSED: Kind = {
  ...ABORTED,
  how: 'closed',
  code: 'upstream_closed',
  say: (where) => `The upstream ${where} closed the connection before the response was complete.`,
};

const KINDS: Record<string, Kind> = {
  ECONNREFUSED: {
    ...REFUSED,
    code: 'upstream_refused',
    say: (where) => `Nothing listens at the upstream ${where}: the connection was refused.`,
  },
  ENOTFOUND: {
    ...REFUSED,
    code: 'upstream_unknown_host',
    say: (where) => `The upstream's host name is unknown: ${where}.`,
  },
  EAI_AGAIN: {
    ...REFUSED,
    code: 'upstream_unknown_host',
    say: (where) => `The upstream's host name cannot be looked up now: ${where}.`,
  },
  EHOSTUNREACH: { ...REFUSED, code: 'upstream_unreachable', say: (where) => `No route to the upstream ${where}.` },
  ENETUNREACH: { ...REFUSED, code: 'upstream_unreachable', say: (where) => `No network to the upstream ${where}.` },
  UND_ERR_CONNECT_TIMEOUT: {
    outcome: 'timeout',
    how: 'timeout',
    status: 504,
    code: 'upstream_connect_timeout',
    say: (where) => `The upstream ${where} did not accept a connection in time.`,
  },
  UND_ERR_HEADERS_TIMEOUT: {
    outcome: 'timeout',
    how: 'timeout',
    status: 504,
    code: 'upstream_timeout',
    say: (where) => `The upstream ${where} sent no response head in time.`,
  },
  UPGRADE_TIMEOUT: {
    outcome: 'timeout',
    how: 'timeout',
    status: 504,
    code: 'upstream_upgrade_timeout',
    say: (where) => `The upstream ${where} did not answer the WebSocket upgrade in time.`,
  },
  UND_ERR_BODY_TIMEOUT: {
    outcome: 'timeout',
    how: 'timeout',
    status: 504,
    code: 'upstream_idle',
    say: (where) => `The upstream ${where} sent nothing more for too long.`,
  },
  ECONNRESET: {
    ...ABORTED,
    how: 'reset',
    code: 'upstream_reset',
    say: (where) => `The upstream ${where} reset the connection.`,
  },
  EPIPE: {
    ...ABORTED,
    how: 'reset',
    code: 'upstream_reset',
    say: (where) => `The upstream ${where} closed the connection while the request was sent.`,
  },
  UND_ERR_SOCKET: CLOSED,
  UPSTREAM_RESET: {
    ...ABORTED,
    how: 'reset',
    code: 'upstream_reset',
    say: (where, detail) => `The upstream ${where} broke the response off: ${detail}.`,
  },
  UPSTREAM_CLOSED: CLOSED,
  [UNPROCESSED]: {
    ...REFUSED,
    code: 'upstream_refused',
    say: (where, detail) => `The upstream ${where} did not take the request: ${detail}.`,
  },
  [UNASKED]: {
    outcome: 'upstream-error',
    how: 'error',
    status: 502,
    code: 'upstream_unasked',
    say: (where) =>
      `The upstream ${where} sent what was not asked for: a 100 Continue to a request without an expectation, or a second response.`,
  },
  [CUT_OFF]: CLOSED,
  UND_ERR_HEADERS_OVERFLOW: {
    outcome: 'upstream-error',
    how: 'error',
    status: 502,
    code: 'upstream_head_too_large',
    say: (where) => `The response head of the upstream ${where} is larger than Tapedeck accepts.`,
  },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: {
    ...ABORTED,
    how: 'closed',
    code: 'upstream_closed',
    say: (where) => `The upstream ${where} sent another number of bytes than its content-length says.`,
  },
};

const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$)/;

/** Turns an error of undici or of a socket into a failure; `origin` is named in the message. */
export function describeFailure(error: unknown, origin: string): UpstreamFailure {
  const { code, detail } = codeOf(error);
  const known = KINDS[code];
  if (known) {
    const { say, ...rest } = known;
    return { ...rest, message: say(origin, detail) };
  }
  if (TLS_CODE.test(code)) {
    const message = `TLS with the upstream ${origin} failed: ${detail}. If its certificate is signed by an authority of your own, name it with --ca.`;
    return { ...REFUSED, code: 'upstream_tls', message };
  }
  const message = `The upstream ${origin} failed: ${detail}.`;
  return { outcome: 'upstream-error', how: 'error', status: 502, code: 'upstream_error', message };
}

/** The most telling code: a reset is wrapped in undici's "other side closed", several addresses in an AggregateError. */
function codeOf(error: unknown): { code: string; detail: string } {
  const chain = error as { code?: string; message?: string; cause?: unknown; errors?: unknown[] } | null;
  const inner = chain?.errors?.[0] ?? chain?.cause;
  const told = [UNASKED, CUT_OFF].find((words) => words === chain?.message);
  const code = told ?? chain?.code ?? '';
  const own = { code, detail: chain?.message || chain?.code || String(error) };
  if (inner && (!KINDS[own.code] || own.code === 'UND_ERR_SOCKET')) {
    const found = codeOf(inner);
    if (KINDS[found.code] || TLS_CODE.test(found.code)) return found;
  }
  return own;
}
