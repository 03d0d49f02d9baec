import type { Check } from '../../check.ts';
import { type ErrorRow, errorKindChecks } from '../shared/error-kinds.ts';

const WHY = 'OpenAI API reference, error codes';

const ERRORS: readonly ErrorRow[] = [
  {
    name: 'context-length',
    status: 400,
    error: {
      // A true number: a gateway may learn from it.
      message:
        "This model's maximum context length is 1047576 tokens. However, your messages resulted in 1100000 tokens.",
      ...{ type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' },
    },
    keeps: ['type', 'code', 'param'],
    why: `${WHY}: agents shorten the conversation on this code`,
  },
  {
    name: 'quota',
    status: 429,
    error: { message: 'Made up.', type: 'insufficient_quota', param: null, code: 'insufficient_quota' },
    keeps: ['code'],
    why: `${WHY}: another try is of no use, unlike with a rate limit`,
  },
  {
    name: 'model-not-found',
    status: 404,
    error: { message: 'Made up.', type: 'invalid_request_error', param: null, code: 'model_not_found' },
    keeps: ['code'],
    why: WHY,
  },
  {
    name: 'content-policy',
    status: 400,
    error: { message: 'Made up.', type: 'invalid_request_error', param: null, code: 'content_filter' },
    keeps: ['code'],
    why: `${WHY}; the same request is refused again`,
  },
  {
    name: 'in-stream',
    status: 'in-stream',
    error: { message: 'Made up.', type: 'server_error', param: null, code: 'made_up_code' },
    keeps: ['type', 'code'],
    why: "OpenAI's SDK 7.55.0: an `error` in a chunk is thrown with its code",
  },
];

/** What a client of Chat Completions goes by when something failed. */
export const CHAT_ERROR_CHECKS: readonly Check[] = errorKindChecks(ERRORS, {
  client: 'chat',
  profiles: ['openai'],
  event: (error) => ({ data: { error } }),
});
