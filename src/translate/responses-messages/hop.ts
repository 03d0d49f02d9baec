import type { Hop } from '../types.ts';
import { translateRequest } from './request.ts';
import { translateResponse } from './response.ts';
import { createStream } from './stream.ts';

/** A client of the Responses API (Codex) with a provider of the Messages API. */
export const responsesMessages: Hop = {
  client: 'responses',
  upstream: 'messages',
  request: translateRequest,
  response: translateResponse,
  stream: createStream,
};
