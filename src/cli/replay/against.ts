import { type LaunchedGateway, launchGateway, whileRunning } from '../../conformance/launch.ts';
import { TapedeckError } from '../../errors.ts';
import type { Credentials } from '../../replay/against/recorded-request.ts';
import { type Stage, startStage } from '../../replay/against/stage.ts';
import { type AgainstOptions, runAgainst } from '../../replay/against.ts';
import type { Speed } from '../../replay/player.ts';
import type { ReplayReport } from '../../report/results/model.ts';
import { parseBaseUrl } from '../../route/base-url.ts';
import { listenError } from '../../util/listen-error.ts';
import type { Arguments } from '../command.ts';
import {
  headerWithoutValue,
  launchPlan,
  readCredentials,
  readPort,
  readPositive,
  requireUpstream,
} from '../gateway-flags.ts';
import { type Io, remark } from '../io.ts';
import { readMatchRules } from '../match-rules.ts';
import { readSpeed } from '../speed.ts';

type Suite = Pick<AgainstOptions, 'inputs' | 'options' | 'shard' | 'pristine' | 'onCassette'>;

/**
 * Plays the recorded upstream, starts the gateway where that is asked for, and runs the cassettes against it.
 * @throws TapedeckError `usage`, `port-unavailable`, `gateway-unreachable`
 */
export async function replayAgainst(suite: Suite, args: Arguments, io: Io): Promise<ReplayReport> {
  const speed = readSpeed((args.speed as string | undefined) ?? 'instant');
  const { key, headers } = readCredentials(args, io);
  const credentials: Credentials = { headers: headers.flat(), ...(key === undefined ? {} : { key }) };
  const address = readAddress(args);
  const own = await readMatchRules(io);
  const target = args.against as string | undefined;
  // Says what is wrong with the URL before anything is started.
  if (target !== undefined) parseBaseUrl(target);
  const stage = await openStage(address, speed);
  try {
    const gateway = await launch(args, stage, io);
    return await whileRunning(gateway, async () => {
      const report = await runAgainst({
        ...suite,
        options: { ...suite.options, against: (args.launch ?? target) as string },
        url: target ?? gateway!.url,
        stage,
        speed,
        credentials,
        flags: flagsOf(args),
        ...own,
      });
      remindOfUpstream(report, stage, io);
      return report;
    });
  } finally {
    await stage.close();
  }
}

async function launch(args: Arguments, stage: Stage, io: Io): Promise<LaunchedGateway | undefined> {
  const { launch: command, against: url } = args as { launch?: string; against?: string };
  if (command === undefined) return undefined;
  const seconds = readPositive('--launch-timeout', args['launch-timeout']);
  requireUpstream(command, '--upstream-port', args['upstream-port']);
  return launchGateway({ ...launchPlan({ command, url, seconds }, io), upstream: stage.url });
}

/** A gateway that was started on its own has to be told where its upstream is, so that cannot be any port. */
function readAddress(args: Arguments): { host: string; port: number } {
  const port = readPort('--upstream-port', args['upstream-port'] as number | undefined) ?? 0;
  if (port === 0 && args.launch === undefined) {
    throw new TapedeckError('usage', 'The gateway has to be told where its upstream is.', {
      hint: 'Give --upstream-port PORT, and let the gateway use http://127.0.0.1:PORT/v1; or start it with --launch.',
    });
  }
  return { host: (args['upstream-host'] as string | undefined) ?? '127.0.0.1', port };
}

async function openStage({ host, port }: { host: string; port: number }, speed: Speed): Promise<Stage> {
  return startStage({ host, port, speed }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === undefined) throw cause;
    throw listenError(cause, host, port, { port: '--upstream-port', host: '--upstream-host' });
  });
}

/** What a command line needs to do the same again. */
function flagsOf(args: Arguments): string[] {
  const names = ['against', 'launch', 'launch-timeout', 'upstream-host', 'upstream-port', 'speed', 'key-env'];
  return [
    ...names.flatMap((name) => (args[name] === undefined ? [] : [`--${name}`, String(args[name])])),
    ...((args.header as string[] | undefined) ?? []).flatMap((text) => ['--header', headerWithoutValue(text)]),
  ];
}

/** The most frequent mistake: the gateway goes somewhere else, or nowhere. */
function remindOfUpstream({ cassettes, receipt }: ReplayReport, stage: Stage, io: Io): void {
  const neverCalled = cassettes.some(({ exchanges }) =>
    exchanges.some(({ results }) =>
      results.some(({ failures = [] }) => failures.some(({ rule }) => rule === 'against.request.never-called')),
    ),
  );
  if (neverCalled && receipt.served === 0) {
    remark(
      io,
      `${io.errorColour.yellow('note')}  The gateway never called its upstream; it was played at ${stage.url}.`,
    );
  }
}
