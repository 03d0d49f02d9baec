import { legsOf, type RecordedExchange } from '../../cassette/legs.ts';
import { CHECK_IDS, type SuiteCheckId } from '../../report/results/checks.ts';
import type { CheckResult, ExchangeResult } from '../../report/results/model.ts';
import { checkDecode, checkReencode } from './coding-checks.ts';
import { checkPassthrough } from './equal-checks.ts';
import { checkGrammar, checkLegs, checkRedaction } from './leg-checks.ts';
import { checkProxyRequest, checkProxyResponse, servedCalls, unaskedAttempts } from './proxy/checks.ts';
import type { Check, CheckContext } from './result.ts';
import {
  checkLosses,
  checkRequestTranslation,
  checkResponseTranslation,
  checkStreamTranslation,
} from './translation-checks.ts';

const RUN: Readonly<Record<SuiteCheckId, Check>> = {
  'legs.valid': checkLegs,
  'stream.grammar': checkGrammar,
  'request.translation': checkRequestTranslation,
  'response.translation': checkResponseTranslation,
  'stream.translation': checkStreamTranslation,
  'coding.decode': checkDecode,
  'coding.reencode': checkReencode,
  'passthrough.equal': checkPassthrough,
  'losses.equal': checkLosses,
  'proxy.request': checkProxyRequest,
  'proxy.response': checkProxyResponse,
  'redaction.complete': checkRedaction,
};

/** What a report says of an exchange beside its results. */
export function describeExchange({ id, client }: RecordedExchange, number: number): Omit<ExchangeResult, 'results'> {
  const { method, url } = client.request;
  const path = url.replace(/^https?:\/\/[^/]*/i, '').replace(/\?.*$/s, '');
  return { id, number, method, path, status: client.response.status };
}

/** What became of an exchange. */
export interface JudgedExchange {
  results: CheckResult[];
  /** Recorded upstream calls that the proxy was answered with. */
  served: number;
  /** Recorded attempts that the proxy did not ask for. */
  unused: number[];
}

/** Runs the checks that are wanted, in the order of the table. */
export async function judgeExchange(
  setup: Omit<CheckContext, 'legs' | 'known'>,
  wants: (check: SuiteCheckId) => boolean,
): Promise<JudgedExchange> {
  const context: CheckContext = { ...setup, legs: legsOf(setup.exchange), known: {} };
  const results: CheckResult[] = [];
  for (const check of CHECK_IDS) if (wants(check)) results.push(...(await RUN[check](context)));
  return { results, served: await servedCalls(context), unused: await unaskedAttempts(context) };
}
