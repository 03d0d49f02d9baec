import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TapedeckError } from '../errors.ts';
import {
  type CheckFacts,
  type CheckResult,
  type ConformanceReport,
  countResults,
  isBad,
  type RouteFacts,
  type RunMode,
  type RunOptions,
} from '../report/conformance/model.ts';
import { judgeReadiness } from '../report/conformance/readiness.ts';
import type { Protocol } from '../util/types.ts';
import { VERSION } from '../util/version.ts';
import { appliesTo, areaOf, type Check, nameOfRoute, type Route } from './check.ts';
import type { DocumentedChoice } from './gateways/description.ts';
import { createBudget } from './harness/budget.ts';
import { createControl } from './harness/control.ts';
import { createDeskRoom, type DeskRoom } from './harness/desk.ts';
import { writeEvidence } from './harness/evidence.ts';
import { findRoutes } from './harness/find-routes.ts';
import { type JudgedJob, judgeJobs } from './harness/judge.ts';
import { probeGateway, WITHOUT_PROVIDER, withoutProvider } from './harness/probe.ts';
import { asTold, type Replacements, replacementsFor, secretsOf } from './harness/secrets.ts';
import type { Ground } from './harness/try-check.ts';
import { NOT_JUDGED } from './not-judged.ts';
import { type ScriptedUpstream, startScriptedUpstream } from './scripted-upstream.ts';

export interface ConformanceOptions {
  /** Base URL of the gateway. */
  url: string;
  mode: RunMode;
  checks: readonly Check[];
  options: RunOptions;
  gateway?: { name: string; version?: string };
  /** What the gateway says that it does otherwise: where such a check fails it is a warning. */
  choices?: readonly DocumentedChoice[];
  /** The scripted upstream and its desks, where the caller started them already (a gateway that is launched needs the URL first). */
  provider?: Provider;
  key?: string;
  extraHeaders?: Record<string, string>;
  /** Milliseconds that a gateway has for each thing that is waited for. */
  timeoutMs: number;
  concurrency: number;
  bail?: boolean;
  /** Tokens after which nothing more is tried, for runs that somebody pays for. */
  budget?: number;
  /** Folder for evidence; nothing is written when absent. */
  out?: string;
  /** What a command line says to run one check again. */
  reproduce?(check: string): string;
  onProgress?(done: number, all: number): void;
}

/** Our side behind the gateway. */
export interface Provider {
  upstream: ScriptedUpstream;
  room: DeskRoom;
}

export interface ProviderOptions {
  host?: string;
  port?: number;
  strict: boolean;
}

/** Starts what the gateway is to have as its provider. Throws `port-unavailable`. */
export async function startProvider({ strict, ...place }: ProviderOptions): Promise<Provider> {
  const room = createDeskRoom(strict);
  const upstream = await startScriptedUpstream({
    ...place,
    websocket: 'accept',
    attend: (request) => room.attend(request),
    // Each belongs to the check that brought it about; all of a run are gigabytes.
    forget: true,
  });
  return { upstream: { ...upstream, url: reachableUrl(upstream.url) }, room };
}

/** "Every address" is one to listen on, not one to connect to. */
function reachableUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

/** One check on one route. */
export interface Job {
  check: Check;
  route: Route;
  /** Whether the route is more than a protocol. */
  routed: boolean;
}

/**
 * Runs checks against a gateway. Throws `gateway-unreachable` when nothing listens there, when nothing there is an endpoint of an API, or,
 * in a hermetic run, when no request reaches the scripted upstream; whatever else the gateway does is a result.
 */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const { provider, mode } = options;
  const ground: Ground = {
    name: 'gateway',
    baseUrl: options.url,
    key: options.key,
    extraHeaders: options.extraHeaders ?? {},
    timeoutMs: options.timeoutMs,
    seed: options.options.seed,
    room: provider?.room,
    ...(options.budget === undefined ? {} : { budget: createBudget(options.budget) }),
  };
  const { routes, elsewhere } =
    mode === 'basic' ? { routes: [], elsewhere: undefined } : await findRoutes(ground, options.options.models);
  refuseWrongProvider(routes, elsewhere, options);
  const gone = mode === 'basic' ? await probeGateway(ground, replacementsOf(options)) : undefined;
  const jobs = planJobs(options.checks, routes, mode);
  const control = provider && createControl(provider.upstream.url, ground);
  try {
    const results = await judgeJobs(jobs, {
      ground,
      control,
      concurrency: options.concurrency,
      bail: options.bail ?? false,
      // Where not even a plain request is answered, nothing can be seen to recover.
      canary: routes.find(({ state, detail }) => state === 'open' && detail === undefined),
      keep: (judged) => keepResult(gone === undefined ? judged : withoutProvider(judged, gone), options),
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    });
    const told = report(options, routes, results, results.length < jobs.length);
    return gone === undefined ? told : { ...told, notJudged: [WITHOUT_PROVIDER, ...told.notJudged] };
  } finally {
    await control?.close();
  }
}

function refuseWrongProvider(
  routes: readonly RouteFacts[],
  elsewhere: string | undefined,
  options: ConformanceOptions,
): void {
  const { url, mode, provider } = options;
  const reached = mode === 'basic' || routes.some(({ state }) => state === 'open');
  if (reached && elsewhere === undefined) return;
  if (mode === 'live') {
    const [first] = routes;
    throw new TapedeckError('gateway-unreachable', `No model answered at ${url}: ${first?.detail ?? 'nothing came'}`, {
      hint: 'Name the model with --model, and the environment variable of the key with --key-env.',
    });
  }
  const what =
    elsewhere === undefined
      ? `No request reached the scripted upstream through ${url}.`
      : `A request to ${url} ${elsewhere}. Nothing more was sent.`;
  const told = routes.map((route) => asTold(route, replacementsOf(options)));
  const tried = told.map(({ client, model, detail }) => `${client} (${model}): ${detail ?? 'reached'}`).join('\n  ');
  throw new TapedeckError('gateway-unreachable', `${what}\n  ${tried}`, {
    hint: `Set the base URL of the gateway's provider to ${provider?.upstream.url ?? 'the scripted upstream'}, for some without its /v1 (in a --launch command: {upstream} or {upstream_root}; from a container, with the address at which it reaches this machine), and name a model that it routes there with --model.`,
  });
}

/** What is to be tried, in the order of the catalogue. */
export function planJobs(checks: readonly Check[], routes: readonly RouteFacts[], mode: RunMode): Job[] {
  const open = routes.filter(({ state }) => state === 'open');
  return checks.flatMap((check): Job[] => {
    if (check.needs === 'upstream' && mode !== 'hermetic') return [];
    if (check.needs === 'model' && mode === 'basic') return [];
    if (check.needs === 'gateway') {
      const model = open[0]?.model ?? 'tapedeck-unknown-model';
      return (check.clients ?? ['responses' as const])
        .filter((client) => check.clients === undefined || isOffered(client, routes))
        .map((client) => ({ check, route: { client, model }, routed: check.clients !== undefined }));
    }
    return open
      .map(({ client, model, upstream }): Route => ({ client, model, ...(upstream === undefined ? {} : { upstream }) }))
      .filter((route) =>
        check.clients ? appliesTo(check, route) : route.client === open[0]!.client && route.model === open[0]!.model,
      )
      .map((route) => ({ check, route, routed: check.clients !== undefined }));
  });
}

/** A failure that the gateway's documentation announces is told as that. */
function excuse(result: CheckResult, choices: readonly DocumentedChoice[] = []): CheckResult {
  const choice = result.verdict === 'fail' ? choices.find(({ checks }) => checks.includes(result.check)) : undefined;
  if (!choice) return result;
  const told = `The gateway documents this as its choice: "${choice.quote}" (${choice.place})`;
  return { ...result, verdict: 'warn', notes: [...(result.notes ?? []), told] };
}

/** What a report says of a job; what was exchanged is on the disk then. */
async function keepResult(judged: JudgedJob, options: ConformanceOptions): Promise<CheckResult> {
  const { result } = judged;
  const evidence = await keepEvidence(judged, options);
  const again = result.verdict === 'pass' ? undefined : options.reproduce?.(result.check);
  return {
    ...excuse(result, options.choices),
    ...(evidence ? { evidence } : {}),
    ...(again === undefined ? {} : { reproduce: again }),
  };
}

async function keepEvidence(
  { job: { check, route }, result, observed, controlled }: JudgedJob,
  { out, url, gateway, provider, key, extraHeaders = {} }: ConformanceOptions,
): Promise<CheckResult['evidence']> {
  if (out === undefined) return undefined;
  const place = [check.id, nameOfRoute(route).replace('->', '-to-'), route.model, check.client ?? []].flat();
  const name = place.map((part) => part.replace(/[^\w.-]+/g, '_')).join('.');
  // Beside other checks, what the gateway asks without a marker is nobody's; what fails was tried alone.
  const around = provider !== undefined && (isBad(result) || result.verdict === 'warn');
  const common = { around, upstream: provider?.upstream.url ?? url, secrets: secretsOf(key, extraHeaders) };
  const files = { gateway: join(out, `${name}.har`), control: join(out, `${name}.control.har`) };
  // What an earlier run found out is true no more.
  await Promise.all([rm(files.gateway, { force: true }), rm(files.control, { force: true })]);
  if (result.verdict === 'pass' || result.verdict === 'not-applicable' || observed.length === 0) return undefined;
  await mkdir(out, { recursive: true });
  await writeEvidence(observed, { ...common, url, path: files.gateway, gateway: gateway ?? { name: 'gateway' } });
  if (controlled === undefined || controlled.length === 0) return { gateway: files.gateway };
  await writeEvidence(controlled, {
    ...common,
    path: files.control,
    gateway: { name: 'tapedeck', version: VERSION },
  });
  return files;
}

function report(
  options: ConformanceOptions,
  routes: RouteFacts[],
  results: CheckResult[],
  stopped: boolean,
): ConformanceReport {
  // A check that is tried with several real clients is one requirement.
  const checks = [...new Map(options.checks.map((check) => [check.id, factsOf(check)])).values()];
  const replacements = replacementsOf(options);
  return {
    tapedeckConformance: 1,
    tool: VERSION,
    gateway: { url: options.url, ...options.gateway },
    mode: options.mode,
    options: options.options,
    routes: routes.map((route) => asTold(route, replacements)),
    checks,
    results: results.map((result) => asTold(result, replacements)),
    counts: countResults(results),
    clients:
      options.mode === 'basic' ? [] : judgeReadiness(checks, results, routes, { options: options.options, stopped }),
    notJudged: NOT_JUDGED[options.mode],
  };
}

/** Whether a gateway may have the endpoint of a client's protocol: nobody has asked, or not every canary said that there is none. */
function isOffered(client: Protocol, routes: readonly RouteFacts[]): boolean {
  const tried = routes.filter((route) => route.client === client);
  return tried.length === 0 || tried.some(({ state }) => state !== 'not-offered');
}

function replacementsOf({ url, provider, key, extraHeaders = {} }: ConformanceOptions): Replacements {
  const places = { GATEWAY: url, ...(provider ? { UPSTREAM: provider.upstream.url } : {}) };
  return replacementsFor(secretsOf(key, extraHeaders), places);
}

/** What a report says of a check. */
export function factsOf(check: Check): CheckFacts {
  const { id, revision, requirement, source, level, profiles, codex } = check;
  const facts = { id, revision, area: areaOf(check), requirement, source, level, profiles };
  return codex === undefined ? facts : { ...facts, codex };
}
