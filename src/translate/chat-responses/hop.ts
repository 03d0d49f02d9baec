import type { Hop } from '../types.ts';
import { translateRequest } from './request.ts';
import { translateResponse } from './response.ts';
import { translateStream } from './stream.ts';

/** Chat Completions clients (the OpenAI SDKs and all that build on them) before a Responses provider. */
export const chatResponses: Hop = {
  client: 'chat',
  upstream: 'responses',
  request: translateRequest,
  response: translateResponse,
  stream: translateStream,
};
