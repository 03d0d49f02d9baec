import { errorText } from '../../../protocols/errors.ts';
import type { Behaviour } from './behaviours.ts';

/** Stands in the provider's message and nowhere else. */
export const MESSAGE = 'made-up failure of the provider';

/** Refusals before the stream. */
const REFUSALS: readonly (Omit<Behaviour, 'says' | 'what' | 'name'> & {
  status: number;
  code: string;
  headers?: Record<string, string>;
  name?: string;
})[] = [
  { status: 400, code: 'invalid_request' },
  { status: 400, code: 'context_length_exceeded', name: '400-context-length' },
  { status: 401, code: 'invalid_api_key', also: ['fail'], level: 'should' },
  { status: 403, code: 'permission_denied', also: ['fail'], level: 'should' },
  { status: 404, code: 'model_not_found', upstreams: ['responses', 'chat'], also: ['fail'], level: 'should' },
  { status: 413, code: 'request_too_large', also: ['fail'], level: 'should' },
  { status: 429, code: 'rate_limit_exceeded', name: '429-without-pause', also: ['retry'] },
  { status: 429, code: 'rate_limit_exceeded', name: '429-seconds', headers: { 'retry-after': '2' } },
  {
    ...{ status: 429, code: 'rate_limit_exceeded', name: '429-date', pauseMs: 120_000 },
    headers: { 'retry-after': 'Wed, 21 Oct 2037 07:28:00 GMT' },
  },
  {
    status: 429,
    code: 'insufficient_quota',
    name: '429-quota',
    upstreams: ['responses', 'chat'],
    words: 'Quota exceeded',
  },
  { status: 500, code: 'server_error' },
  { status: 502, code: 'bad_gateway' },
  { status: 503, code: 'unavailable', name: '503-seconds', headers: { 'retry-after': '2' } },
  { status: 503, code: 'server_is_overloaded', name: '503-overloaded' },
];

/** Statuses that are no success, and what Codex makes of them. */
export const REFUSAL_BEHAVIOURS: readonly Behaviour[] = REFUSALS.map(
  ({ status, code, headers = {}, name = String(status), ...rest }): Behaviour => ({
    words: MESSAGE,
    ...rest,
    name: `refused-${name}`,
    what: `a refusal with ${status} ${code}${Object.entries(headers).map(([key, value]) => ` and ${key}: ${value}`)}`,
    says: ({ protocol }) => ({
      ...{ kind: 'body', status, headers },
      body: errorText(protocol, { status, code, message: MESSAGE }),
    }),
    provokes: true,
  }),
);
