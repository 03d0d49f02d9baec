/**
 * One exported alias for every JSON document that crosses the wire. generate.ts turns each into a schema root; the
 * table of bundles there says which file a root goes to.
 */

import type * as Messages from '@anthropic-ai/sdk/resources/messages/messages';
import type { ModelInfo } from '@anthropic-ai/sdk/resources/models';
import type { ErrorResponse } from '@anthropic-ai/sdk/resources/shared';
import type * as Chat from 'openai/resources/chat/completions/completions';
import type { Model } from 'openai/resources/models';
import type * as Responses from 'openai/resources/responses/responses';
import type { ErrorObject } from 'openai/resources/shared';

// The `…Base` types, because the exported parameter types are unions of a streaming and a non-streaming half that
// differ in `stream` alone and would double every message about a request.

export type ResponsesRequest = Responses.ResponseCreateParamsBase;
export type ResponsesResponse = Responses.Response;
export type ResponsesStreamEvent = Responses.ResponseStreamEvent;
export type ResponsesCompactRequest = Responses.ResponseCompactParams;
export type ResponsesCompactResponse = Responses.CompactedResponse;
export type ResponsesClientMessage = Responses.ResponsesClientEvent;
export type ResponsesServerMessage = Responses.ResponsesServerEvent;

export type ChatRequest = Chat.ChatCompletionCreateParamsBase;
export type ChatResponse = Chat.ChatCompletion;
export type ChatChunk = Chat.ChatCompletionChunk;

export interface OpenAIModelList {
  object: 'list';
  data: Model[];
}
export interface OpenAIError {
  error: ErrorObject;
}

export type MessagesRequest = Messages.MessageCreateParamsBase;
export type MessagesResponse = Messages.Message;
export type MessagesStreamEvent = Messages.RawMessageStreamEvent | PingEvent | ErrorResponse;
export type MessagesCountTokensRequest = Messages.MessageCountTokensParams;
export type MessagesCountTokensResponse = Messages.MessageTokensCount;
export interface MessagesModelList {
  data: ModelInfo[];
  first_id: string | null;
  has_more: boolean;
  last_id: string | null;
}
export type MessagesError = ErrorResponse;

/** On the wire, but absent from the SDK's RawMessageStreamEvent. */
export interface PingEvent {
  type: 'ping';
}
