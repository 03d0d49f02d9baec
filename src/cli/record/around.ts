import { joinedExchanges, planJoin, type SketchedExchange, sketchExchange } from '../../around/assemble.ts';
import { createAroundTaps } from '../../around/taps.ts';
import { renumberAll } from '../../cassette/edit/renumber.ts';
import type { RecordingHeader } from '../../cassette/records.ts';
import type { CassetteReader } from '../../cassette/store.ts';
import { openCassette, writeCassette } from '../../cassette/store.ts';
import type { Recorder, RecordingSummary } from '../../cassette/tap.ts';
import { type LaunchedGateway, launchGateway, READY_PATH } from '../../conformance/launch.ts';
import { TapedeckError } from '../../errors.ts';
import { type ProxyOptions, type RunningProxy, startProxy } from '../../proxy/server.ts';
import { parseBaseUrl } from '../../route/base-url.ts';
import { listenError } from '../../util/listen-error.ts';
import type { Outcome } from '../../util/types.ts';
import type { Arguments } from '../command.ts';
import { launchPlan, readPort, requireUpstream } from '../gateway-flags.ts';
import { type Io, remark, sayJson } from '../io.ts';
import type { Served } from '../serve.ts';

/** What the flags say of a recording around a gateway. */
export interface AroundSettings {
  /** Base URL of the gateway; undefined when it is started on a free port. */
  url: string | undefined;
  backPort: number;
  /** In `_producer` and in the header of the cassette. */
  name: string;
  /** The command that starts the gateway. */
  launch: string | undefined;
}

/** Flags that only make sense where the proxy does something itself. */
const OWN_WORK = ['upstream-protocol', 'map', 'dialect'];

/**
 * Undefined when nothing is said of a gateway.
 * @throws TapedeckError `usage`
 */
export function aroundSettings(args: Arguments): AroundSettings | undefined {
  const url = args.around as string | undefined;
  const launch = args.launch as string | undefined;
  const backPort = readPort('--back-port', args['back-port'] as number | undefined);
  if (url === undefined && launch === undefined) {
    if (backPort === undefined) return undefined;
    throw usage('--back-port needs --around or --launch.', 'Say which gateway is recorded around.');
  }
  if (url !== undefined) parseBaseUrl(url);
  if (backPort === undefined && launch === undefined) {
    const hint =
      'Give a port, and set the provider of the gateway to http://127.0.0.1:PORT/v1; or start it with --launch.';
    throw usage('--around needs --back-port, where the gateway finds its provider.', hint);
  }
  if (launch !== undefined) requireUpstream(launch, '--back-port', backPort);
  const own = OWN_WORK.find((flag) => args[flag] !== undefined);
  if (own !== undefined) throw usage(`--${own} has no use around a gateway, which translates itself.`, 'Leave it out.');
  if (args.append === true) throw usage('--append cannot be used around a gateway.', 'Record to a file of its own.');
  return { url, launch, backPort: backPort ?? 0, name: (args.gateway as string | undefined) ?? 'gateway' };
}

/** The header of a recording around a gateway. */
export function aroundHeader(header: RecordingHeader, { url, name }: AroundSettings): RecordingHeader {
  const base = url === undefined ? undefined : parseBaseUrl(url);
  return {
    ...header,
    gateway: { name },
    around: { url: base ? base.origin + base.basePath : '', joined: false },
  };
}

/**
 * Starts a tap on both sides of a gateway, and the gateway itself where that is wanted; says where its provider is.
 * @param options of the proxy that an ordinary recording would start: its upstream is the provider
 * @throws TapedeckError what `startProxy` and `launchGateway` throw; then nothing runs
 */
export async function startAround(
  settings: AroundSettings,
  options: ProxyOptions,
  recorder: Recorder,
  io: Io,
  json: boolean,
): Promise<Served> {
  const taps = createAroundTaps(recorder, settings.name, (target) => target.includes(READY_PATH));
  const { upstreamKey, clientKey, onExchange, port, host, ...common } = options;
  const back = await startProxy({
    ...common,
    port: settings.backPort,
    recorder: taps.back,
    ...(upstreamKey === undefined ? {} : { upstreamKey }),
  }).catch((error: unknown) => {
    throw asBackPort(error, settings.backPort);
  });
  let gateway: LaunchedGateway | undefined;
  let front: RunningProxy;
  try {
    if (settings.launch !== undefined) gateway = await launch(settings, settings.launch, back.url, io);
    const url = settings.url ?? gateway!.url;
    front = await startProxy({
      ...{ upstream: url, recorder: taps.front, requestCoding: 'pass' as const },
      ...{ webSocket: options.webSocket ?? true, port: port ?? 0, host: host ?? '127.0.0.1' },
      ...(clientKey === undefined ? {} : { clientKey }),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(onExchange ? { onExchange } : {}),
    });
    tellBack(settings, back.url, url, io, json);
  } catch (error) {
    await gateway?.stop();
    await back.close(0);
    throw error;
  }
  return {
    url: front.url,
    port: front.port,
    active: () => front.active() + back.active(),
    async close() {
      await front.close();
      await back.close();
      await gateway?.stop();
    },
  };
}

/** The port of the back tap is another flag's than that of every other proxy. */
function asBackPort(error: unknown, port: number): unknown {
  if (!(error instanceof TapedeckError) || error.code !== 'port-unavailable') return error;
  return listenError(error.cause as NodeJS.ErrnoException, '127.0.0.1', port, { port: '--back-port', host: '--host' });
}

function launch({ url }: AroundSettings, command: string, upstream: string, io: Io): Promise<LaunchedGateway> {
  remark(io, `Starting the gateway: ${command}`);
  return launchGateway({ ...launchPlan({ command, url }, io), upstream });
}

function tellBack({ name }: AroundSettings, provider: string, gateway: string, io: Io, json: boolean): void {
  if (json) sayJson(io, { event: 'around', gateway: { name, url: gateway }, provider });
  remark(io, `recording around ${name} at ${gateway}; its provider is ${provider}`);
}

/**
 * Joins the two sides of a recording in its file, in one step: a process that is killed meanwhile leaves the recording as it was.
 * @returns the summary of what is in the file now
 */
export async function joinRecording(summary: RecordingSummary): Promise<RecordingSummary> {
  const cassette = await openCassette(summary.path);
  try {
    const outcomes: Partial<Record<Outcome, number>> = {};
    let exchanges = 0;
    const { around } = cassette.header;
    const header = { ...cassette.header, ...(around ? { around: { ...around, joined: true } } : {}) };
    const source = joinCassette(cassette);
    async function* counted() {
      for await (const exchange of source) {
        exchanges += 1;
        outcomes[exchange.outcome] = (outcomes[exchange.outcome] ?? 0) + 1;
        yield exchange;
      }
    }
    const { bytes } = await writeCassette(summary.path, header, renumberAll(counted()), { force: true });
    return { ...summary, exchanges, outcomes, bytes };
  } finally {
    await cassette.close();
  }
}

/** The exchanges of a recording around a gateway whose sides were not joined yet, joined. */
export async function* joinCassette(cassette: CassetteReader) {
  const sketched: SketchedExchange[] = [];
  for await (const exchange of cassette.exchanges()) sketched.push(sketchExchange(exchange, sketched.length + 1));
  yield* joinedExchanges(planJoin(sketched), readerOf(cassette));
}

function readerOf(cassette: CassetteReader) {
  const { places } = cassette;
  if (places) return (number: number) => places.exchange(number);
  // Only files that were edited have no places; they are small enough to be read again.
  return async (number: number) => {
    let n = 0;
    for await (const exchange of cassette.exchanges()) {
      n += 1;
      if (n === number) return exchange;
    }
    return undefined;
  };
}

function usage(message: string, hint: string): TapedeckError {
  return new TapedeckError('usage', message, { hint });
}
