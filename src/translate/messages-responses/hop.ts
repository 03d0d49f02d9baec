import type { Hop } from '../types.ts';
import { translateRequest } from './request.ts';
import { translateResponse } from './response.ts';
import { translateStream } from './stream.ts';

/** Messages clients (Claude Code, the Anthropic SDKs) before a Responses provider. */
export const messagesResponses: Hop = {
  client: 'messages',
  upstream: 'responses',
  request: translateRequest,
  response: translateResponse,
  stream: translateStream,
};
