import type { Defect } from './defect.ts';
import { DIALECT_DEFECTS } from './dialect-defects.ts';
import { LIVE_DEFECTS } from './live-defects.ts';
import { MEANING_DEFECTS } from './meaning-defects.ts';
import { RESPONSES_ANSWER_DEFECTS } from './responses-answer-defects.ts';
import { RESPONSES_DEFECTS } from './responses-defects.ts';
import { SOCKET_DEFECTS } from './socket-defects.ts';
import { TRANSLATE_DEFECTS } from './translate-defects.ts';
import { ANSWER_DEFECTS } from './translated-answer-defects.ts';
import { WIRE_DEFECTS } from './wire-defects.ts';

/** Every planted defect. */
export const DEFECTS: readonly Defect[] = [
  ...WIRE_DEFECTS,
  ...MEANING_DEFECTS,
  ...DIALECT_DEFECTS,
  ...RESPONSES_DEFECTS,
  ...RESPONSES_ANSWER_DEFECTS,
  ...TRANSLATE_DEFECTS,
  ...ANSWER_DEFECTS,
  ...SOCKET_DEFECTS,
  ...LIVE_DEFECTS,
];
