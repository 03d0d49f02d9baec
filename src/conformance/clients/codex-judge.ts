import { truncateText } from '../../report/text.ts';
import type { CodexEvent, CodexRun } from '../codex.ts';
import type { ScenarioRun } from '../scenarios.ts';
import { itemsOf, type RealScenario } from './codex-scenarios.ts';

/**
 * What was not as it should be with one run of Codex, one sentence each: by its exit code and its events first, since a turn that fails
 * may have printed the right text before.
 */
export function judgeRun(run: CodexRun, { code, text }: ScenarioRun['expect']): string[] {
  if (run.timedOut) return ['Codex did not come to an end, and was stopped'];
  const ends = run.events.filter(({ type }) => type === 'turn.completed').length;
  const told = reasonOf(run);
  const because = told === undefined ? '' : `: ${told}`;
  if (run.code !== code) return [`Codex ended with exit code ${run.code} instead of ${code}${because}`];
  const due = code === 0 ? 1 : 0;
  if (ends !== due)
    return [due === 1 ? `no turn.completed was told${because}` : 'a turn.completed was told of a turn that failed'];
  const same = run.finalText === text;
  return same ? [] : [`Codex said ${JSON.stringify(run.finalText)} instead of ${JSON.stringify(text)}`];
}

/** What Codex says about a failure: of the turn, else of the stream, else on stderr. */
function reasonOf({ events, stderr }: CodexRun): string | undefined {
  const failed = events.findLast(({ type }) => type === 'turn.failed')?.error?.message;
  const broken = events.findLast(({ type }) => type === 'error')?.message;
  const last = stderr.trim().split('\n').at(-1);
  return failed ?? (typeof broken === 'string' ? broken : undefined) ?? (last === '' ? undefined : last);
}

/** Items that are not among those that Codex finished, each told of once. */
export function missingItems(runs: readonly CodexRun[], items: RealScenario['items'] = []): string[] {
  const events = runs.flatMap((run) => run.events);
  return items.flatMap(({ type, has }) => {
    const found = itemsOf(events, type);
    if (found.some((item) => has.test(item))) return [];
    return [
      `Codex finished no ${type} with ${has}: ${found.length === 0 ? 'none at all' : truncateText(found.join(' '), 500)}`,
    ];
  });
}

const AGAIN = /reconnecting|retrying|stream disconnected|falling back/i;

/** What Codex says whenever it asks again. */
export function retriesOf(runs: readonly CodexRun[]): string[] {
  return runs.flatMap(({ events }) =>
    events.flatMap(({ type, message, item }: CodexEvent) => {
      const text = type === 'error' ? message : item?.type === 'error' ? item.message : undefined;
      return typeof text === 'string' && AGAIN.test(text) ? [text] : [];
    }),
  );
}
