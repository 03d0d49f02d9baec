import type { Hop } from '../types.ts';
import { translateRequest } from './request.ts';
import { translateResponse } from './response.ts';
import { translateStream } from './stream.ts';

/** A Responses client, such as Codex, with a provider of Chat Completions. */
export const responsesChat: Hop = {
  client: 'responses',
  upstream: 'chat',
  request: translateRequest,
  response: translateResponse,
  stream: translateStream,
};
