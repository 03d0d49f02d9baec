import type { RecordedExchange } from '../cassette/legs.ts';
import { isOverWebSocket } from '../cassette/messages.ts';
import type { Cause } from './diagnose/cause.ts';
import { ANSWER_CAUSES } from './diagnose/causes-answer.ts';
import { REQUEST_CAUSES } from './diagnose/causes-request.ts';
import { SERVER_CAUSES } from './diagnose/causes-server.ts';
import { STREAM_CAUSES } from './diagnose/causes-stream.ts';
import { leaverOf, tellEnding } from './diagnose/ending.ts';
import { type ExchangeFacts, isUpgrade, readFacts } from './diagnose/facts.ts';
import { tellForecast } from './diagnose/forecast.ts';
import type { Diagnosis, DiagnosisContext, Forecast, FoundCause } from './diagnose/types.ts';
import { isJudged } from './exchange.ts';

/** Of an exchange that no rule is known for: not that it is well, but that nobody can say. */
export const NOT_JUDGED = 'Nothing here could be judged: it belongs to none of the APIs that are known.';

/** Common causes, the most telling first; docs/explain.md lists them. */
export const CAUSES: readonly Cause[] = [...REQUEST_CAUSES, ...SERVER_CAUSES, ...ANSWER_CAUSES, ...STREAM_CAUSES];

/** Rules under which nothing is wrong although the client did not just accept. */
const HARMLESS_RULES = ['codex.http.redirect'];

/** 101 accepts an upgrade; on 426 Codex goes on over HTTP without delay. */
const GOOD_UPGRADES = [101, 426];

/**
 * Says why an exchange broke, in words: who ended it, what came last, which common cause fits, what the client does next
 * and what to run. With nothing wrong it says what was looked at.
 */
export function diagnoseExchange(exchange: RecordedExchange, context: DiagnosisContext): Diagnosis {
  const facts = readFacts(exchange, context.forecast);
  const isBroken = breaks(facts, context);
  const causes = findCauses(facts, isBroken);
  const level = isBroken ? 'broken' : causes.length > 0 || context.findings.length > 0 ? 'warning' : 'ok';
  return {
    exchange: exchange.id,
    seq: exchange.seq,
    level,
    headline: headlineOf(level, causes, facts, context),
    request: `${isOverWebSocket(exchange.client) ? 'WS' : facts.request.method} ${facts.request.path} → ${facts.answer.status || 'no answer'}`,
    ending: facts.ending,
    ended: tellEnding(facts.ending, leaverOf(exchange)),
    causes,
    ...(context.forecast ? { forecast: context.forecast } : {}),
    next: context.forecast ? tellForecast(context.forecast) : [],
    findings: context.findings,
    checked: whatWasChecked(context),
    commands: commandsFor(level, facts, context),
  };
}

/** The client's view decides; where nobody knows it, status, outcome and findings do. */
function breaks(facts: ExchangeFacts, context: DiagnosisContext): boolean {
  const { exchange, answer, forecast } = facts;
  if (isUpgrade(facts)) return !GOOD_UPGRADES.includes(answer.status);
  if (forecast) return forecastBreaks(forecast);
  if (exchange.outcome !== 'complete' || answer.status >= 400 || answer.status === 0) return true;
  return context.findings.some((finding) => finding.severity === 'error');
}

function forecastBreaks({ action, kind, rule }: Forecast): boolean {
  // A list of models that cannot be read is logged, nothing more.
  return action !== 'accept' && kind !== 'models' && !HARMLESS_RULES.includes(rule);
}

/** The first cause that fits explains the break; warnings are named besides. */
function findCauses(facts: ExchangeFacts, isBroken: boolean): FoundCause[] {
  const found: FoundCause[] = [];
  for (const { id, level, cause, fix, source, match } of CAUSES) {
    if (level === 'broken' && (!isBroken || found.some((other) => other.level === 'broken'))) continue;
    const evidence = match(facts);
    if (evidence !== undefined) found.push({ id, level, cause, fix, source, evidence });
  }
  const dropped = found.some((cause) => cause.id === 'answer.items-dropped');
  return dropped ? found.filter((cause) => cause.id !== 'answer.item-dropped') : found;
}

function headlineOf(
  level: Diagnosis['level'],
  causes: readonly FoundCause[],
  facts: ExchangeFacts,
  context: DiagnosisContext,
): string {
  const [first] = causes;
  if (first) return first.cause;
  const [finding] = context.findings;
  if (level === 'broken')
    return facts.forecast ? sentence(facts.forecast.reason) : (finding?.message ?? 'The exchange broke.');
  if (finding) return `The client gets along, but a rule is broken: ${finding.message}`;
  if (!facts.forecast && !isJudged(facts.exchange)) return NOT_JUDGED;
  return 'Nothing wrong was found.';
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function whatWasChecked({ forecast }: DiagnosisContext): string[] {
  return [
    'who ended the exchange, and whether the answer is whole',
    ...(forecast ? [`what ${forecast.client} makes of the answer (docs/codex.md)`] : []),
    'schemas and order rules of every leg',
    `${CAUSES.length} common causes (docs/explain.md)`,
  ];
}

function commandsFor(level: Diagnosis['level'], facts: ExchangeFacts, context: DiagnosisContext): string[] {
  const { cassette, exchange } = context;
  const commands = [`tapedeck show ${cassette} ${exchange}`];
  if (level === 'ok') return commands;
  if (facts.upstream && facts.answer.status >= 400) {
    commands.push(`tapedeck show ${cassette} ${exchange} --leg upstream-response`);
  }
  if (context.findings.length > 0) commands.push(`tapedeck validate ${cassette}`);
  commands.push(`tapedeck play ${cassette} --as gateway`);
  if ([401, 403, 404, 405].includes(facts.answer.status)) commands.push('tapedeck connect codex');
  return commands;
}
