import type { Check } from '../../check.ts';
import { type ErrorRow, errorKindChecks } from '../shared/error-kinds.ts';

const WHY = 'Messages API, errors: programs go by the type';

const KINDS = [
  [400, 'invalid_request_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [500, 'api_error'],
  [529, 'overloaded_error'],
] as const;

const ERRORS: readonly ErrorRow[] = [
  ...KINDS.map(
    ([status, type]): ErrorRow => ({
      name: type.replace(/_error$/, '').replaceAll('_', '-'),
      status,
      error: { type, message: 'Made up.' },
      keeps: ['type'],
      why: WHY,
    }),
  ),
  {
    name: 'in-stream',
    status: 'in-stream',
    error: { type: 'overloaded_error', message: 'Made up.' },
    keeps: ['type'],
    why: 'Messages API, streaming, error events: `overloaded_error` is tried again later',
  },
];

/** What a client of Messages goes by when something failed. */
export const MESSAGES_ERROR_CHECKS: readonly Check[] = errorKindChecks(ERRORS, {
  client: 'messages',
  profiles: ['anthropic'],
  event: (error) => ({ event: 'error', data: { type: 'error', error } }),
});
