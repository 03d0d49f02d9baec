import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { relative, resolve, sep } from 'node:path';
import type { Check } from '../../conformance/check.ts';
import type { DocumentedChoice } from '../../conformance/gateways/description.ts';
import { type LaunchedGateway, launchGateway, watchForEnd, whileRunning } from '../../conformance/launch.ts';
import { type Provider, runConformance, startProvider } from '../../conformance/run.ts';
import { TapedeckError } from '../../errors.ts';
import type { ConformanceReport } from '../../report/conformance/model.ts';
import { addressOf } from '../../util/address.ts';
import { launchPlan } from '../gateway-flags.ts';
import { type Io, remark } from '../io.ts';
import { preparePreset, withPreset } from './preset.ts';
import type { Settings } from './settings.ts';

/**
 * Starts what the run needs, the provider and the gateway, tries the checks, and ends what it started.
 * @throws TapedeckError `gateway-unreachable`, `port-unavailable`, `output-failed`
 */
export async function tryGateway(
  settings: Settings,
  checks: readonly Check[],
  io: Io,
  onProgress: (done: number, all: number) => void,
): Promise<ConformanceReport> {
  const strict = settings.options.strictness === 'on';
  const prepared = await preparePreset(settings, io);
  const provider = settings.mode === 'hermetic' ? await startProvider({ ...settings.upstream, strict }) : undefined;
  try {
    const running = await prepared?.launch(provider!.upstream.url);
    const gateway = running ?? (await launch(settings, provider, io));
    const ended = gateway && watchForEnd(gateway);
    return await whileRunning(gateway, async () => {
      const url = settings.url ?? gateway!.url;
      await reach(url, settings.timeoutMs, gateway !== undefined);
      const wanted = prepared && running ? withPreset(settings, prepared, running) : settings;
      const named = prepared && {
        gateway: { name: prepared.name, version: prepared.version },
        choices: prepared.choices,
      };
      const report = await runChecks(wanted, { url, checks, provider, onProgress, ...named }, io);
      const lost = ended?.();
      if (lost !== undefined) remark(io, `${lost}\nWhat was tried after that says nothing about it.`);
      return report;
    });
  } finally {
    await provider?.upstream.close();
  }
}

async function launch(
  { launch: wanted, url }: Settings,
  provider: Provider | undefined,
  io: Io,
): Promise<LaunchedGateway | undefined> {
  if (!wanted || !provider) return undefined;
  return launchGateway({ ...launchPlan({ ...wanted, url }, io), upstream: provider.upstream.url });
}

interface Task {
  url: string;
  checks: readonly Check[];
  provider: Provider | undefined;
  gateway?: { name: string; version: string };
  choices?: readonly DocumentedChoice[];
  onProgress(done: number, all: number): void;
}

async function runChecks(settings: Settings, { provider, ...task }: Task, io: Io): Promise<ConformanceReport> {
  const { mode, options, headers, timeoutMs, concurrency, bail, reproduce } = settings;
  const out = settings.out === undefined ? undefined : resolve(io.cwd, settings.out);
  if (out !== undefined) await refuseFile(out);
  const report = await runConformance({
    ...task,
    ...{ mode, options, extraHeaders: headers, timeoutMs, concurrency, bail, reproduce },
    ...(provider === undefined ? {} : { provider }),
    ...(settings.key === undefined ? {} : { key: settings.key }),
    ...(settings.budget === undefined ? {} : { budget: settings.budget }),
    ...(out === undefined ? {} : { out }),
  });
  return { ...report, results: report.results.map((result) => shortenEvidence(result, io.cwd)) };
}

/** Said before the run rather than after it. */
async function refuseFile(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found && !found.isDirectory())
    throw new TapedeckError('output-failed', `${folder} is a file, and evidence needs a folder.`, {
      hint: 'Name another place with --out.',
    });
}

type Result = ConformanceReport['results'][number];

/** Paths from the working directory and with slashes, so that a report says the same on every machine. */
function shortenEvidence(result: Result, cwd: string): Result {
  if (!result.evidence) return result;
  const short = (path: string) => relative(cwd, path).split(sep).join('/');
  const { gateway, control } = result.evidence;
  return {
    ...result,
    evidence: { gateway: short(gateway), ...(control === undefined ? {} : { control: short(control) }) },
  };
}

/**
 * Whether anything listens there. No request is sent: the gateway may be wired to a provider that charges for it.
 * @throws TapedeckError `gateway-unreachable`
 */
async function reach(url: string, timeoutMs: number, launched: boolean): Promise<void> {
  const problem = await new Promise<string | undefined>((resolve) => {
    const socket = connect({ ...addressOf(new URL(url)), timeout: timeoutMs });
    const end = (found?: string) => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end('no answer'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
  if (problem === undefined) return;
  throw new TapedeckError('gateway-unreachable', `Nothing can be reached at ${url}: ${problem}`, {
    ...(launched ? {} : { hint: 'Start the gateway first, or let --launch COMMAND start it.' }),
  });
}
