import { fileURLToPath } from 'node:url';
import type { Check, Route, Verdict } from '../check.ts';
import type { Budget } from './budget.ts';
import { type DeskRoom, markerOf } from './desk.ts';
import type { Observed } from './observed.ts';
import { stopOf } from './stop.ts';
import { type Fault, type Lost, Trial } from './trial.ts';

/** Where a check is tried: a gateway, and what stands behind it. */
export interface Ground {
  /** Part of the marker: the same check on another ground has another one. */
  name: string;
  baseUrl: string;
  key: string | undefined;
  extraHeaders: Record<string, string>;
  timeoutMs: number;
  seed: string;
  /** Absent: no scripted upstream. */
  room: DeskRoom | undefined;
  /** Absent: nobody pays. */
  budget?: Budget;
}

/** How it is tried. */
export interface TryOptions {
  /** From 1; each try of a check has a marker of its own. */
  attempt: number;
  /** Nothing else goes on, so requests without a marker are this one's. */
  alone: boolean;
  plain?: boolean;
}

/** What came of it. */
export interface Tried {
  verdict: Verdict;
  reason?: string;
  faults: Fault[];
  notes: string[];
  lost?: Lost;
  /** Nothing came in time. */
  late: boolean;
  observed: readonly Observed[];
}

/** Tries a check once. Never throws. */
export async function tryCheck(check: Check, route: Route, ground: Ground, options: TryOptions): Promise<Tried> {
  const { budget } = ground;
  if (budget?.isOver()) {
    const reason = `the budget of ${budget.limit} tokens is used up`;
    return { verdict: 'inconclusive', reason, faults: [], notes: [], late: false, observed: [] };
  }
  const timeoutMs = ground.timeoutMs * (check.patience ?? 1);
  const marker = markerOf(
    ground.seed,
    ground.name,
    check.id,
    JSON.stringify(route),
    options.attempt,
    ...clientOf(check),
  );
  const opened = options.alone ? ground.room?.openForAll(marker, timeoutMs) : ground.room?.open(marker, timeoutMs);
  const { baseUrl, key, extraHeaders } = ground;
  const trial = new Trial({
    ...{ check, route, baseUrl, key, extraHeaders, timeoutMs, marker },
    desk: opened?.desk,
    plain: options.plain ?? false,
  });
  const stopped = await check.run(trial).then(
    () => undefined,
    (error: unknown) =>
      stopOf(error) ?? { verdict: 'error' as const, reason: `the check itself failed: ${tell(error)}` },
  );
  trial.close();
  opened?.close();
  budget?.spend(trial.observed);
  const calls = opened?.desk.calls ?? [];
  const tried = {
    ...{ faults: trial.faults, notes: trial.notes, observed: joinSides(trial.observed, calls) },
    ...(trial.lost ? { lost: trial.lost } : {}),
  };
  const late = stopped !== undefined && 'late' in stopped;
  if (stopped && stopped.verdict !== 'fail')
    return { ...tried, verdict: stopped.verdict, reason: stopped.reason, late };
  const faults = stopped ? [...trial.faults, { message: stopped.reason }] : trial.faults;
  if (faults.length === 0 && check.needs === 'upstream' && check.reaches !== false && calls.length === 0)
    return { ...tried, verdict: 'error', reason: 'no request of this check reached the upstream', late };
  return { ...tried, faults, verdict: verdictOf(check, faults), late };
}

function clientOf({ client }: Check): string[] {
  return client === undefined ? [] : [client];
}

function verdictOf({ level }: Check, faults: readonly Fault[]): Verdict {
  if (faults.length === 0) return 'pass';
  return level === 'must' && faults.some(({ assumed, lesser }) => !assumed && !lesser) ? 'fail' : 'warn';
}

/** An upstream request belongs to the last client request that began before it. */
function joinSides(
  client: readonly Observed[],
  calls: readonly { observed: Observed['attempts'][number] }[],
): Observed[] {
  const joined = client.map((exchange): Observed => ({ ...exchange, attempts: [] }));
  for (const { observed } of calls) {
    const owner = joined.findLast(({ startedAt }) => startedAt <= observed.startedAt) ?? joined[0];
    const others = joined.filter((exchange) => exchange !== owner && isUnderWay(exchange, observed.startedAt));
    owner?.attempts.push(others.length === 0 ? observed : { ...observed, guessed: true });
  }
  return joined;
}

function isUnderWay({ startedAt, end }: Observed, at: number): boolean {
  return startedAt <= at && at < startedAt + end.ms;
}

/** The package's folder, as a path and as a URL. */
const PACKAGE = new URL('../../../', import.meta.url);
const PLACES = [PACKAGE.href, fileURLToPath(PACKAGE)];

/** With the places in the code, as seen from the package: reports are shown to others, whom our folders are no business of. */
export function tell(error: unknown): string {
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return PLACES.reduce((text, place) => text.replaceAll(place, ''), told);
}
