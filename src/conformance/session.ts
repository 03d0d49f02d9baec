import { FORMAT_VERSION } from '../cassette/format.ts';
import type { RecordedExchange } from '../cassette/legs.ts';
import { createRecorder } from '../cassette/recorder.ts';
import { createRedactor } from '../cassette/redact.ts';
import { openCassette } from '../cassette/store.ts';
import type { RecordingSummary } from '../cassette/tap.ts';
import { startProxy } from '../proxy/server.ts';
import type { TranslationOptions } from '../proxy/translated/setup.ts';
import type { Leftover } from '../replay/library.ts';
import type { Miss } from '../replay/match.ts';
import { startPlayer } from '../replay/player.ts';
import type { MatchLevel } from '../replay/request.ts';
import { parseBaseUrl } from '../route/base-url.ts';
import type { Protocol } from '../util/types.ts';
import { VERSION } from '../util/version.ts';

export interface RecordOptions {
  /** Base URL of the provider. */
  upstream: string;
  /** The cassette to write. */
  path: string;
  force?: boolean;
  /** Translates for an upstream that speaks another protocol. */
  translation?: TranslationOptions;
  /** What the header says about when and where; the time and `upstream` as they are when absent. */
  header?: { recordedAt?: string; upstreamUrl?: string };
}

/** Records what `use` does against the proxy at the base URL it is given, and writes the cassette. */
export async function recordSession<T>(
  options: RecordOptions,
  use: (url: string) => Promise<T>,
): Promise<{ result: T; summary: RecordingSummary }> {
  const recorder = await createRecorder({
    path: options.path,
    force: options.force ?? false,
    header: {
      format: FORMAT_VERSION,
      tool: VERSION,
      recordedAt: options.header?.recordedAt ?? new Date().toISOString(),
      gateway: { name: 'tapedeck', version: VERSION },
      upstream: { url: options.header?.upstreamUrl ?? options.upstream, protocol: protocolOf(options.translation) },
    },
  });
  const translated = options.translation === undefined ? {} : { translation: options.translation };
  try {
    const proxy = await startProxy({ upstream: options.upstream, recorder, ...translated });
    const result = await use(proxy.url).finally(() => proxy.close());
    return { result, summary: await recorder.close() };
  } catch (error) {
    // What was recorded up to here is kept, and nothing holds the process.
    await recorder.close().catch(() => {});
    throw error;
  }
}

/** What the header says of the upstream: the protocol that it is spoken to in, null where that is found out later. */
function protocolOf(translation: TranslationOptions | undefined): Protocol | null {
  if (translation === undefined) return 'responses';
  return translation.protocol === 'auto' ? null : translation.protocol;
}

export interface PlayOptions {
  path: string;
  match?: MatchLevel;
}

export interface Played<T> {
  result: T;
  served: number;
  misses: readonly Miss[];
  /** Exchanges that nobody asked for. */
  leftovers: Leftover[];
}

/** Plays a cassette as a gateway to what `use` does, with no network behind it. */
export async function playSession<T>(options: PlayOptions, use: (url: string) => Promise<T>): Promise<Played<T>> {
  const { exchanges, upstream } = await loadCassette(options.path);
  const player = await startPlayer({
    exchanges,
    as: 'gateway',
    match: options.match ?? 'shape',
    repeat: 'none',
    speed: 'instant',
    base: parseBaseUrl(upstream),
    redactor: createRedactor(),
  });
  try {
    const result = await use(player.url);
    return { result, served: player.served, misses: player.misses, leftovers: player.leftovers() };
  } finally {
    await player.close();
  }
}

/** A whole cassette in memory, with the base URL of its upstream. */
export async function loadCassette(path: string): Promise<{ exchanges: RecordedExchange[]; upstream: string }> {
  const cassette = await openCassette(path);
  try {
    const exchanges: RecordedExchange[] = [];
    for await (const exchange of cassette.exchanges()) exchanges.push(exchange);
    return { exchanges, upstream: cassette.header.upstream.url };
  } finally {
    await cassette.close();
  }
}
