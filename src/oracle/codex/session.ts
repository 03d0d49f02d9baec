import { judgeAnswer } from './judge.ts';
import { backoffMs, DEFAULT_SETTINGS } from './settings.ts';
import type { CodexAnswer, CodexKind, CodexSettings, CodexVerdict, CompactForm } from './types.ts';

export interface SessionExchange {
  kind: CodexKind;
  /** With `compact`: how this one was asked for. */
  form?: CompactForm;
  answer: CodexAnswer;
}

/** What Codex does after one of the answers. */
export interface SessionStep {
  verdict: CodexVerdict;
  next: 'request' | 'end';
  /** Pause before the next request, without jitter; only where it repeats. */
  delayMs?: number;
}

export interface SessionForecast {
  /** Of `codex exec`; 1 where Codex waits without end. */
  exitCode: number;
  /** The last message shown; undefined when none was. */
  finalText?: string;
  /** Requests that Codex sends, models lists aside; with `open`, those it would send if the last answer came again. */
  requests: number;
  /** The answers end before the session does. */
  open: boolean;
  steps: SessionStep[];
}

/** The retry budgets of one request; a new turn starts with full ones. */
interface Budget {
  request: number;
  stream: number;
  refreshed: boolean;
}

/**
 * Walks the answers of one `codex exec` as the client would: repeats while a budget lasts, goes on while there are tool
 * calls to run or a compaction was taken over, and ends. Answers to `models` do not decide anything and are passed over.
 */
export function judgeSession(
  version: string,
  exchanges: readonly SessionExchange[],
  options: Partial<CodexSettings> = {},
): SessionForecast {
  const settings = { ...DEFAULT_SETTINGS, ...options };
  const deciding = exchanges.filter((exchange) => exchange.kind !== 'models');
  const steps: SessionStep[] = [];
  const texts: string[] = [];
  let budget = fullBudget(settings);
  for (const exchange of deciding) {
    const verdict = judgeAnswer(version, exchange.kind, exchange.answer, settingsFor(exchange, settings, budget));
    texts.push(...textsOf(verdict));
    const step = decide(verdict, exchange.kind, budget, settings);
    steps.push(step);
    if (step.next === 'end') break;
    if (verdict.action !== 'retry') budget = fullBudget(settings);
  }
  const open = steps.at(-1)?.next !== 'end';
  const extra = open ? remaining(steps.at(-1), budget, settings) : 0;
  return { exitCode: exitCodeOf(steps.at(-1)), ...lastOf(texts), requests: steps.length + extra, open, steps };
}

/**
 * Pauses before each repeat, in milliseconds and without jitter, if the answer with this verdict came again and again; their
 * number is that of the repeats. Empty for a verdict that is not `retry`.
 */
export function planPauses(verdict: CodexVerdict, options: Partial<CodexSettings> = {}): number[] {
  const settings = { ...DEFAULT_SETTINGS, ...options };
  const budget = fullBudget(settings);
  const pauses: number[] = [];
  // A redirect that leads to itself would repeat without end.
  const most = verdict.retry?.requests ?? 0;
  while (verdict.action === 'retry' && pauses.length < most) {
    const step = repeat(verdict, budget, settings);
    if (step.delayMs === undefined) break;
    pauses.push(step.delayMs);
  }
  return pauses;
}

function fullBudget(settings: CodexSettings): Budget {
  return { request: settings.requestRetries, stream: settings.streamRetries, refreshed: false };
}

function settingsFor(exchange: SessionExchange, settings: CodexSettings, budget: Budget): CodexSettings {
  const form = exchange.form === undefined ? {} : { compactForm: exchange.form };
  // A new token is fetched once; a second 401 is an ordinary one.
  return { ...settings, ...form, refreshableToken: settings.refreshableToken && !budget.refreshed };
}

/** The next step after a verdict; takes what it uses from the budget. */
function decide(verdict: CodexVerdict, kind: CodexKind, budget: Budget, settings: CodexSettings): SessionStep {
  if (verdict.action === 'retry') return repeat(verdict, budget, settings);
  const goesOn = verdict.action === 'accept' && (kind === 'compact' || verdict.items.some((item) => item.runs));
  return { verdict, next: goesOn ? 'request' : 'end' };
}

function repeat(verdict: CodexVerdict, budget: Budget, settings: CodexSettings): SessionStep {
  const first = verdict.retry?.delayMs ?? backoffMs(1);
  if (verdict.rule === 'codex.http.redirect') return { verdict, next: 'request', delayMs: 0 };
  if (verdict.rule === 'codex.http.401-refresh') {
    budget.refreshed = true;
    return { verdict, next: 'request', delayMs: 0 };
  }
  if (verdict.retry?.layer === 'request' && budget.request > 0) {
    budget.request -= 1;
    return { verdict, next: 'request', delayMs: grow(first, settings.requestRetries - budget.request) };
  }
  const isFinal = verdict.retry?.layer === 'request' && verdict.retry.requests === settings.requestRetries + 1;
  if (isFinal || budget.stream === 0) return { verdict, next: 'end' };
  budget.stream -= 1;
  budget.request = settings.requestRetries;
  return { verdict, next: 'request', delayMs: grow(first, settings.streamRetries - budget.stream) };
}

/** A backoff doubles; a pause that the answer named stays as it is. */
function grow(first: number, attempt: number): number {
  return first === backoffMs(1) ? backoffMs(attempt) : first;
}

/** Requests still to come if the last answer repeated. */
function remaining(step: SessionStep | undefined, budget: Budget, settings: CodexSettings): number {
  if (step?.verdict.action !== 'retry') return step ? 1 : 0;
  if (step.verdict.retry?.layer === 'stream') return budget.stream + 1;
  return budget.request + 1 + budget.stream * (settings.requestRetries + 1);
}

/** Messages are shown as they come, so those of an answer that is repeated count as well. */
function textsOf(verdict: CodexVerdict): string[] {
  return verdict.items.flatMap((item) => (item.type === 'message' && item.text ? [item.text] : []));
}

function lastOf(texts: readonly string[]): { finalText?: string } {
  const finalText = texts.at(-1);
  return finalText === undefined ? {} : { finalText };
}

function exitCodeOf(step: SessionStep | undefined): number {
  return step !== undefined && (step.verdict.action === 'accept' || step.verdict.action === 'silent') ? 0 : 1;
}
