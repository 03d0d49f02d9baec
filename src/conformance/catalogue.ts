import type { Check } from './check.ts';
import { PREFIX_CHECKS } from './checks/cache/prefix.ts';
import { BEFORE_STREAM_CHECKS } from './checks/errors/before-stream.ts';
import { MID_STREAM_CHECKS } from './checks/errors/mid-stream.ts';
import { RESILIENCE_CHECKS } from './checks/errors/resilience.ts';
import { TRANSLATED_ANSWER_CHECKS } from './checks/translate/answers.ts';
import { TRANSLATED_REQUEST_CHECKS } from './checks/translate/requests.ts';
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
  ...TRANSLATED_REQUEST_CHECKS,
  ...TRANSLATED_ANSWER_CHECKS,
  ...BEFORE_STREAM_CHECKS,
  ...MID_STREAM_CHECKS,
  ...RESILIENCE_CHECKS,
  ...PREFIX_CHECKS,
];
