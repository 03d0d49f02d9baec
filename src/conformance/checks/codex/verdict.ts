import { answerOf } from '../../../oracle/codex/answer.ts';
import type { CodexAnswer, CodexVerdict } from '../../../oracle/codex/types.ts';
import { toUtf8 } from '../../../util/bytes.ts';
import type { ObservedSide } from '../../harness/observed.ts';
import { writeEvent } from '../../provider/events.ts';
import type { Answer } from '../../script.ts';

/** What the check client got, as Codex would have. */
export function answerSeen(side: ObservedSide): CodexAnswer {
  const { response, chunks, headMs, end } = side;
  if (!response) return noAnswer(end.how === 'timeout' ? 'timeout' : 'reset', end.ms);
  return answerOf({
    ...{ status: response.status, headers: response.headers, headMs, endMs: end.ms, end: end.how },
    chunks: chunks.map(([ms, data]) => ({ ms, data })),
  });
}

/** What Codex would have got had it asked the scripted upstream itself. */
export function answerSaid(answer: Answer): CodexAnswer {
  if (answer.kind === 'reset') return noAnswer('reset', 0);
  if (answer.kind === 'silence') return noAnswer('timeout', 0);
  const at = { headMs: 0, endMs: 0 };
  const headers = Object.entries(answer.headers ?? {}).flat();
  if (answer.kind === 'body') {
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    return answerOf({
      ...at,
      status: answer.status,
      headers,
      end: 'complete',
      chunks: [{ ms: 0, data: toUtf8(text) }],
    });
  }
  const pieces = answer.kind === 'raw' ? answer.pieces : answer.events.map((event) => toUtf8(writeEvent(event)));
  return answerOf({
    ...{ ...at, status: answer.kind === 'raw' ? answer.status : 200, headers },
    chunks: pieces.map((data) => ({ ms: 0, data })),
    end: answer.ending === 'reset' ? 'reset' : 'complete',
  });
}

function noAnswer(end: 'timeout' | 'reset', endMs: number): CodexAnswer {
  return { status: 0, headers: [], chunks: [], headMs: endMs, end, endMs };
}

/** What a user of Codex would notice of a difference between two verdicts. */
export interface Comparison {
  /** What Codex may do beside what it does with the answer of the provider. */
  also: readonly CodexVerdict['action'][];
  /** Words of the provider that are to be in what Codex prints, if they are there without the gateway. */
  words: string | undefined;
  /** How much a pause may differ: dates are told to the second, and a gateway may tell them as seconds. */
  pauseMs: number;
}

/** What of an answer leads Codex elsewhere. */
export interface VerdictDifference {
  message: string;
  /** Codex does the same all the same: its user is told less, or it waits for another time. */
  lesser?: true;
}

/** In what a gateway's answer leads Codex elsewhere than the provider's; empty where it does not. */
export function compareVerdicts(
  got: CodexVerdict,
  due: CodexVerdict,
  { also, words, pauseMs }: Comparison,
): VerdictDifference[] {
  if (got.action !== due.action && !also.includes(got.action))
    return [{ message: `it would ${tell(got)}, where the provider's own answer makes it ${tell(due)}` }];
  const list: VerdictDifference[] = [];
  const note = (message: string, how: { lesser?: true } = {}) => void list.push({ message, ...how });
  const [calls, dueCalls] = [callsOf(got), callsOf(due)].map((one) => JSON.stringify(one));
  if (calls !== dueCalls) note(`it would run ${calls}, where the provider asked for ${dueCalls}`);
  if (due.action === 'accept' && textOf(got) !== textOf(due))
    note(`it would show ${JSON.stringify(textOf(got))}, where the provider said ${JSON.stringify(textOf(due))}`);
  if (words !== undefined && due.message?.includes(words) && !got.message?.includes(words))
    note(`it would print ${JSON.stringify(got.message ?? '')}, without what the provider said: ${words}`, LESSER);
  if (namesPause(due) && got.action === 'retry' && Math.abs(pauseOf(got) - pauseOf(due)) > pauseMs)
    note(`it would wait for ${pauseOf(got)} ms, where the provider asked for ${pauseOf(due)} ms`, LESSER);
  return list;
}

const LESSER = { lesser: true } as const;

const DOES: Record<CodexVerdict['action'], string> = {
  accept: 'take the answer',
  retry: 'ask again',
  fail: 'end with an error',
  hang: 'wait without end',
  silent: 'end well and show nothing',
};

function tell({ action, reason, rule }: CodexVerdict): string {
  return `${DOES[action]} (${reason}; ${rule})`;
}

/** What is run: its kind and its name. */
function callsOf({ items }: CodexVerdict): string[][] {
  return items.flatMap(({ runs, type, name = '' }) => (runs ? [[type, name]] : []));
}

function textOf({ items }: CodexVerdict): string {
  return items.map(({ type, text = '' }) => (type === 'message' ? text : '')).join('');
}

/** The pauses between tries that Codex makes of its own do not come from an answer. */
const OWN_PAUSE_MS = 200;

function pauseOf({ retry }: CodexVerdict): number {
  return retry?.delayMs ?? OWN_PAUSE_MS;
}

function namesPause(verdict: CodexVerdict): boolean {
  return verdict.action === 'retry' && pauseOf(verdict) > OWN_PAUSE_MS;
}
