import { legsOf, type RecordedExchange } from '../../cassette/legs.ts';
import { CHECK_IDS, type CheckId } from '../../report/results/checks.ts';
import type { CheckResult, ExchangeResult } from '../../report/results/model.ts';
import { checkDecode, checkReencode } from './coding-checks.ts';
import { checkPassthrough } from './equal-checks.ts';
import { checkGrammar, checkLegs, checkRedaction } from './leg-checks.ts';
import type { Check, CheckContext } from './result.ts';
import {
  checkLosses,
  checkRequestTranslation,
  checkResponseTranslation,
  checkStreamTranslation,
} from './translation-checks.ts';

const RUN: Readonly<Record<CheckId, Check>> = {
  'legs.valid': checkLegs,
  'stream.grammar': checkGrammar,
  'request.translation': checkRequestTranslation,
  'response.translation': checkResponseTranslation,
  'stream.translation': checkStreamTranslation,
  'coding.decode': checkDecode,
  'coding.reencode': checkReencode,
  'passthrough.equal': checkPassthrough,
  'losses.equal': checkLosses,
  'redaction.complete': checkRedaction,
};

/** What a report says of an exchange beside its results. */
export function describeExchange({ id, client }: RecordedExchange, number: number): Omit<ExchangeResult, 'results'> {
  const { method, url } = client.request;
  const path = url.replace(/^https?:\/\/[^/]*/i, '').replace(/\?.*$/s, '');
  return { id, number, method, path, status: client.response.status };
}

/** Runs the checks that are wanted, in the order of the table. */
export async function judgeExchange(
  setup: Omit<CheckContext, 'legs'>,
  wants: (check: CheckId) => boolean,
): Promise<CheckResult[]> {
  const context: CheckContext = { ...setup, legs: legsOf(setup.exchange) };
  const results: CheckResult[] = [];
  for (const check of CHECK_IDS) if (wants(check)) results.push(...(await RUN[check](context)));
  return results;
}
