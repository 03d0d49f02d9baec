import { errorText } from '../../protocols/errors.ts';
import type { Closest } from '../closest.ts';
import type { Miss } from '../match.ts';
import { MISS_STATUS, missBody, missText } from '../miss.ts';
import type { Recording } from '../recording.ts';
import type { Call } from './call.ts';

/** A request that got no recorded answer. */
export interface CassetteMiss {
  method: string;
  /** Absolute URL, redacted as the recorded ones are. */
  target: string;
  /** `unknown`: no equal request was recorded; `exhausted`: all were served; `expired`: all that are left are too old. */
  reason: 'unknown' | 'exhausted' | 'expired';
  /** One paragraph: what was asked for, which recording is closest, and the JSON pointer of the first difference. */
  message: string;
  /** The recorded request that differs least. */
  closest?: Closest;
  /** The body of the answer, in the error shape of the client's protocol. */
  body: string;
}

export function missOf(miss: Miss): CassetteMiss {
  const { method, target, reason, closest } = miss;
  const shown = { method, target, reason, message: missText(miss), body: missBody(miss) };
  return closest ? { ...shown, closest } : shown;
}

/** @param maxAgeMs what a recording may be old */
export function expiredMiss(method: string, target: string, recording: Recording, maxAgeMs: number): CassetteMiss {
  const { exchange, entry } = recording;
  const name = `exchange ${exchange.id} (#${exchange.seq})`;
  const message =
    `Tapedeck: the recording of this ${method} ${target} has expired: ${name} was recorded at ${entry.startedDateTime}, ` +
    `more than ${maxAgeMs} ms ago. Record it again, or raise the maximum age.`;
  const problem = { status: MISS_STATUS, code: 'cassette_expired', message };
  return { method, target, reason: 'expired', message, body: errorText(entry._protocol, problem) };
}

/** Answers a call that has no recording with an error that every client takes as final. */
export async function answerMiss({ reply }: Call, { reason, body }: CassetteMiss): Promise<void> {
  const bytes = Buffer.from(body);
  const framing = ['content-type', 'application/json', 'content-length', String(bytes.length)];
  reply.head(MISS_STATUS, [...framing, 'x-tapedeck-miss', reason], 'Bad Request');
  if (!(await reply.ready())) return;
  reply.data(bytes);
  if (await reply.ready()) reply.end();
}
