import type { Check } from './check.ts';
import { PREFIX_CHECKS } from './checks/cache/prefix.ts';
import { SESSION_CHECKS } from './checks/cache/sessions.ts';
import { CHAT_ANSWER_CHECKS } from './checks/chat/answers.ts';
import { CHAT_ERROR_CHECKS } from './checks/chat/errors.ts';
import { CHAT_FIELD_CHECKS } from './checks/chat/fields.ts';
import { CHAT_STREAM_CHECKS } from './checks/chat/streams.ts';
import { CHAT_TURN_CHECKS } from './checks/chat/turns.ts';
import { CODEX_ANSWER_CHECKS } from './checks/codex/answers.ts';
import { CODEX_REQUEST_CHECKS } from './checks/codex/requests.ts';
import { BEFORE_STREAM_CHECKS } from './checks/errors/before-stream.ts';
import { MEANING_CHECKS } from './checks/errors/meaning.ts';
import { MID_STREAM_CHECKS } from './checks/errors/mid-stream.ts';
import { RESILIENCE_CHECKS } from './checks/errors/resilience.ts';
import { MESSAGES_ANSWER_CHECKS } from './checks/messages/answers.ts';
import { MESSAGES_ENDPOINT_CHECKS } from './checks/messages/endpoints.ts';
import { MESSAGES_ERROR_CHECKS } from './checks/messages/errors.ts';
import { MESSAGES_FIELD_CHECKS } from './checks/messages/fields.ts';
import { MESSAGES_STREAM_CHECKS } from './checks/messages/streams.ts';
import { MESSAGES_TURN_CHECKS } from './checks/messages/turns.ts';
import { RESPONSES_ANSWER_CHECKS } from './checks/responses/answers.ts';
import { CASE_CHECKS } from './checks/responses/cases.ts';
import { ENDPOINT_CHECKS } from './checks/responses/endpoints.ts';
import { END_CHECKS } from './checks/responses/ends.ts';
import { RESPONSES_FIELD_CHECKS } from './checks/responses/fields.ts';
import { ITEM_CHECKS } from './checks/responses/items.ts';
import { STREAM_RULE_CHECKS } from './checks/responses/streams.ts';
import { TOLD_ITEM_CHECKS } from './checks/responses/told.ts';
import { WEBSOCKET_CHECKS } from './checks/responses/websocket.ts';
import { WEBSOCKET_ERROR_CHECKS } from './checks/responses/websocket-errors.ts';
import { KEY_CHECKS } from './checks/security/keys.ts';
import { SECURITY_WIRE_CHECKS } from './checks/security/wire.ts';
import { LIVE_CHECKS } from './checks/shared/live-rows.ts';
import { TRANSLATED_ANSWER_CHECKS } from './checks/translate/answers.ts';
import { TRANSLATED_CALL_CHECKS } from './checks/translate/calls.ts';
import { TRANSLATED_CHOICE_CHECKS } from './checks/translate/choices.ts';
import { CONVERSATION_CHECKS } from './checks/translate/conversations.ts';
import { TRANSLATED_END_CHECKS } from './checks/translate/endings.ts';
import { TRANSLATED_NAME_CHECKS } from './checks/translate/names.ts';
import { TRANSLATED_REQUEST_CHECKS } from './checks/translate/requests.ts';
import { ROUND_TRIP_CHECKS } from './checks/translate/round-trips.ts';
import { TRANSLATED_SHAPE_CHECKS } from './checks/translate/shapes.ts';
import { TRANSLATED_STREAM_CHECKS } from './checks/translate/streams.ts';
import { FRAMING_CHECKS } from './checks/wire/framing.ts';
import { HEADER_CHECKS } from './checks/wire/headers.ts';
import { LIFETIME_CHECKS } from './checks/wire/lifetime.ts';
import { ROUTE_CHECKS } from './checks/wire/routes.ts';
import { SIZE_CHECKS } from './checks/wire/sizes.ts';
import { STREAMING_CHECKS } from './checks/wire/streaming.ts';
import { BODY_CHECKS } from './checks/zstd/bodies.ts';

/** Every check, in the order of reports. */
export const CATALOGUE: readonly Check[] = [
  ...STREAMING_CHECKS,
  ...FRAMING_CHECKS,
  ...HEADER_CHECKS,
  ...ROUTE_CHECKS,
  ...LIFETIME_CHECKS,
  ...SIZE_CHECKS,
  ...BODY_CHECKS,
  ...RESPONSES_FIELD_CHECKS,
  ...ITEM_CHECKS,
  ...TOLD_ITEM_CHECKS,
  ...RESPONSES_ANSWER_CHECKS,
  ...STREAM_RULE_CHECKS,
  ...END_CHECKS,
  ...CASE_CHECKS,
  ...ENDPOINT_CHECKS,
  ...WEBSOCKET_CHECKS,
  ...WEBSOCKET_ERROR_CHECKS,
  ...CHAT_FIELD_CHECKS,
  ...CHAT_TURN_CHECKS,
  ...CHAT_ANSWER_CHECKS,
  ...CHAT_STREAM_CHECKS,
  ...CHAT_ERROR_CHECKS,
  ...MESSAGES_FIELD_CHECKS,
  ...MESSAGES_TURN_CHECKS,
  ...MESSAGES_ANSWER_CHECKS,
  ...MESSAGES_STREAM_CHECKS,
  ...MESSAGES_ENDPOINT_CHECKS,
  ...MESSAGES_ERROR_CHECKS,
  ...TRANSLATED_REQUEST_CHECKS,
  ...CONVERSATION_CHECKS,
  ...TRANSLATED_CALL_CHECKS,
  ...TRANSLATED_NAME_CHECKS,
  ...ROUND_TRIP_CHECKS,
  ...TRANSLATED_CHOICE_CHECKS,
  ...TRANSLATED_ANSWER_CHECKS,
  ...TRANSLATED_END_CHECKS,
  ...TRANSLATED_STREAM_CHECKS,
  ...TRANSLATED_SHAPE_CHECKS,
  ...CODEX_REQUEST_CHECKS,
  ...CODEX_ANSWER_CHECKS,
  ...BEFORE_STREAM_CHECKS,
  ...MEANING_CHECKS,
  ...MID_STREAM_CHECKS,
  ...RESILIENCE_CHECKS,
  ...KEY_CHECKS,
  ...SECURITY_WIRE_CHECKS,
  ...PREFIX_CHECKS,
  ...SESSION_CHECKS,
  ...LIVE_CHECKS,
];
