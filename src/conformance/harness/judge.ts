import type { CheckResult, RouteFacts } from '../../report/conformance/model.ts';
import { nameOfRoute } from '../check.ts';
import type { Job } from '../run.ts';
import type { Control } from './control.ts';
import { isPrompt, recovers } from './find-routes.ts';
import type { Observed } from './observed.ts';
import { mapPooled } from './pool.ts';
import { type Ground, type Tried, tryCheck } from './try-check.ts';

export interface JudgeOptions {
  ground: Ground;
  control: Control | undefined;
  concurrency: number;
  bail: boolean;
  /** The route of recovery canaries. */
  canary: RouteFacts | undefined;
  /** Makes what the report says of a job; asked as soon as it is judged, since what was exchanged is forgotten after that. */
  keep(judged: JudgedJob): Promise<CheckResult>;
  onProgress?(done: number, all: number): void;
}

export interface JudgedJob {
  job: Job;
  result: CheckResult;
  observed: readonly Observed[];
  controlled: readonly Observed[] | undefined;
}

/** How long a gateway has to recover from what a check did to it; where it has not, it is looked at once more after each further one. */
const RECOVERY_MS = 10_000;

/**
 * Tries every job and judges it: first those that disturb nobody, side by side; then what failed of them once more alone; then those
 * that provoke errors, one after the other, each followed by a canary. Whatever fails is tried against our own proxy as well.
 * The results are in the order of the jobs; those that a run did not come to are missing.
 */
export async function judgeJobs(jobs: readonly Job[], options: JudgeOptions): Promise<CheckResult[]> {
  const { ground } = options;
  const results = new Map<Job, CheckResult>();
  let tries = 0;
  const tell = () => options.onProgress?.(++tries, jobs.length);
  const together = jobs.filter(({ check }) => check.alone === undefined);
  let failed = false;
  const goOn = () => !(options.bail && failed);
  const unsettled = new Map<Job, Tried>();
  await mapPooled(together, options.concurrency, async (job) => {
    if (!goOn()) return;
    const result = await tryCheck(job.check, job.route, ground, { attempt: 1, alone: false });
    failed ||= result.verdict === 'fail';
    // Bodies may be large, and nobody asks for those of a check that passed.
    unsettled.set(job, result.verdict === 'pass' ? { ...result, observed: [] } : result);
    tell();
  });
  for (const job of together) {
    const first = unsettled.get(job);
    if (!first) continue;
    unsettled.delete(job);
    const judged = isWell(first) ? settle(job, first) : await judgeFailure(job, first, undefined, options);
    results.set(job, await options.keep(judged));
  }
  let disturbed: string | undefined;
  for (const job of jobs.filter(({ check }) => check.alone !== undefined)) {
    if (!goOn()) break;
    const result = await tryCheck(job.check, job.route, ground, { attempt: 1, alone: true });
    tell();
    const judged = isWell(result) ? settle(job, result) : await judgeFailure(job, result, disturbed, options);
    results.set(job, await options.keep(judged));
    failed ||= judged.result.verdict === 'fail';
    if (job.check.alone === 'provokes' && options.canary && ground.room)
      disturbed = (await recovers(ground, options.canary, disturbed === undefined ? RECOVERY_MS : 0))
        ? undefined
        : job.check.id;
  }
  return jobs.flatMap((job) => results.get(job) ?? []);
}

function isWell({ verdict }: Tried): boolean {
  return verdict === 'pass' || verdict === 'not-applicable' || verdict === 'unsupported';
}

/** A failure counts when it comes again with nothing else going on, and when our own proxy does not fail the same way. */
async function judgeFailure(
  job: Job,
  first: Tried,
  disturbed: string | undefined,
  { ground, control }: JudgeOptions,
): Promise<JudgedJob> {
  const { check, route } = job;
  const again = await tryCheck(check, route, ground, { attempt: 2, alone: true });
  if (isWell(again)) {
    const how = check.alone ? 'once, and not the second time' : 'beside other checks and not alone';
    const reason = `it failed ${how}: ${first.faults[0]?.message ?? first.reason}`;
    return settle(job, { ...first, verdict: 'inconclusive', reason });
  }
  if (disturbed !== undefined)
    return settle(job, { ...again, verdict: 'inconclusive', reason: `disturbed by ${disturbed}` });
  const found = { ...again, notes: [...again.notes, ...(again.late ? [] : await findTreatment(job, ground))] };
  if (!control) {
    const settled = found.late ? { ...found, verdict: 'inconclusive' as const, reason: LATE } : found;
    return settle(job, settled);
  }
  const controlled = await control.try(check, route);
  const weighed = weigh(found, controlled);
  if (weighed === found && found.late && !(await isPrompt(ground, route)))
    return settle(job, { ...found, verdict: 'inconclusive', reason: SLOW }, controlled);
  return settle(job, weighed, controlled);
}

/** How often a check has to pass with other headers, and to fail in between with its own, before that is told: else it is chance. */
const TREATED = 3;

/** The first number of these tries; the first two of a check are those of its verdict. */
const FIRST_TREATED = 3;

/** Whether the failure depends on what the check client says it is; a real client cannot say otherwise. */
async function findTreatment({ check, route }: Job, ground: Ground): Promise<string[]> {
  if (check.client !== undefined) return [];
  const passes = async (attempt: number, plain: boolean) =>
    (await tryCheck(check, route, ground, { attempt, alone: true, plain })).verdict === 'pass';
  for (let i = 0; i < TREATED; i++) {
    const attempt = FIRST_TREATED + 2 * i;
    if (!(await passes(attempt, true))) return [];
    if (await passes(attempt + 1, false)) return [CHANGING];
  }
  return [TREATMENT];
}

const TREATMENT = `It passed ${TREATED} times of ${TREATED} with headers that name no client, and failed each time in between with those of this client: the gateway seems to treat this client otherwise.`;

const CHANGING = 'It does not fail every time: tried more often, it passed as well.';

const LATE = 'something did not come in time, and there is no control that says that it can';

const SLOW =
  'something did not come in time, and neither did the answer to a plain request right after it: the gateway is too slow here to be judged by the clock, or it hangs';

/** A check that our own proxy fails as well has proved nothing about the gateway. */
function weigh(found: Tried, controlled: Tried): Tried {
  if (isWell(controlled)) return found;
  const told = controlled.faults[0]?.message ?? controlled.reason ?? '';
  const same =
    found.verdict === controlled.verdict || controlled.verdict === 'error' || controlled.verdict === 'inconclusive';
  if (!same) return found;
  const reason = `it fails against our own proxy in the same way, so it says nothing: ${told}`;
  return { ...found, verdict: found.late ? 'inconclusive' : 'error', reason };
}

function settle(job: Job, tried: Tried, controlled?: Tried): JudgedJob {
  const { check, route, routed } = job;
  const { verdict, reason, faults, notes, observed, lost } = tried;
  const result: CheckResult = {
    check: check.id,
    ...(routed ? { route: nameOfRoute(route), model: route.model } : {}),
    ...(check.client === undefined ? {} : { client: check.client }),
    verdict,
    ...(reason === undefined ? {} : { reason }),
    ...(faults.length > 0 ? { faults } : {}),
    ...(notes.length > 0 ? { notes } : {}),
    ...(lost ? { lost } : {}),
    ...(controlled ? { control: controlled.verdict } : {}),
  };
  return { job, result, observed, controlled: controlled?.observed };
}
