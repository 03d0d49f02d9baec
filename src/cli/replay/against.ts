import { type LaunchedGateway, launchGateway, withOutput } from '../../conformance/launch.ts';
import { TapedeckError } from '../../errors.ts';
import type { Credentials } from '../../replay/against/recorded-request.ts';
import { type Stage, startStage } from '../../replay/against/stage.ts';
import { type AgainstOptions, runAgainst } from '../../replay/against.ts';
import type { Speed } from '../../replay/player.ts';
import type { ReplayReport } from '../../report/results/model.ts';
import { parseBaseUrl } from '../../route/base-url.ts';
import type { Arguments } from '../command.ts';
import { headerWithoutValue, keyFromEnv, parseHeader, readPort } from '../gateway-flags.ts';
import { type Io, remark } from '../io.ts';
import { readSpeed } from '../speed.ts';

type Suite = Pick<AgainstOptions, 'inputs' | 'options' | 'shard' | 'pristine' | 'onCassette'>;

/**
 * Plays the recorded upstream, starts the gateway where that is asked for, and runs the cassettes against it.
 * @throws TapedeckError `usage`, `port-unavailable`, `gateway-unreachable`
 */
export async function replayAgainst(suite: Suite, args: Arguments, io: Io): Promise<ReplayReport> {
  const speed = readSpeed((args.speed as string | undefined) ?? 'instant');
  const credentials = readCredentials(args, io);
  const address = readAddress(args);
  const target = args.against as string | undefined;
  // Says what is wrong with the URL before anything is started.
  if (target !== undefined) parseBaseUrl(target);
  const stage = await openStage(address, speed);
  try {
    const gateway = await launch(args, stage, io);
    try {
      const report = await runAgainst({
        ...suite,
        options: { ...suite.options, against: (args.launch ?? target) as string },
        url: target ?? gateway!.url,
        stage,
        speed,
        credentials,
        flags: flagsOf(args),
      });
      remindOfUpstream(report, stage, io);
      return report;
    } catch (error) {
      // Why it is not there any more is what it said last.
      const isLost = error instanceof TapedeckError && error.code === 'gateway-unreachable';
      await gateway?.stop();
      throw isLost && gateway ? withOutput(error, gateway) : error;
    } finally {
      await gateway?.stop();
    }
  } finally {
    await stage.close();
  }
}

async function launch(args: Arguments, stage: Stage, io: Io): Promise<LaunchedGateway | undefined> {
  const command = args.launch as string | undefined;
  if (command === undefined) return undefined;
  const seconds = args['launch-timeout'] as number | undefined;
  if (seconds !== undefined && !(seconds > 0)) {
    throw new TapedeckError('usage', `--launch-timeout ${seconds} is no number of seconds.`);
  }
  const target = args.against === undefined ? undefined : new URL(args.against as string);
  const port = target && Number(target.port || (target.protocol === 'https:' ? 443 : 80));
  return launchGateway({
    command,
    upstream: stage.url,
    cwd: io.cwd,
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
    ...(target && port ? { port, host: target.hostname.replace(/^\[|\]$/g, '') } : {}),
  });
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
  return startStage({ host, port, speed }).catch(async (cause: NodeJS.ErrnoException) => {
    if (cause.code === undefined) throw cause;
    const { listenError } = await import('../../proxy/server.ts');
    throw listenError(cause, host, port);
  });
}

function readCredentials(args: Arguments, { env }: Io): Credentials {
  const name = args['key-env'] as string | undefined;
  const headers = ((args.header as string[] | undefined) ?? []).flatMap(parseHeader);
  return { headers, ...(name === undefined ? {} : { key: keyFromEnv('--key-env', name, env) }) };
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
