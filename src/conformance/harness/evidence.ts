import { type Entry, type EntryJoin, FORMAT_VERSION } from '../../cassette/format.ts';
import { createRecorder } from '../../cassette/recorder.ts';
import { openCassette, writeCassette } from '../../cassette/store.ts';
import type { MessageTap } from '../../cassette/tap.ts';
import { sha256Hex } from '../../util/sha256.ts';
import { VERSION } from '../../util/version.ts';
import type { Observed, ObservedSide } from './observed.ts';
import { patternsOf } from './secrets.ts';

export interface EvidenceOptions {
  path: string;
  gateway: { name: string; version?: string };
  /** All that the gateway asked of its provider while it was tried is there as well. */
  around: boolean;
  /** Base URL of the gateway, where it is known. */
  url?: string;
  /** Base URL of what answered as the provider, or of the gateway where that is not known. */
  upstream: string;
  /** To be taken out, beside what is known to be a credential. */
  secrets?: readonly string[];
}

/**
 * Writes what was exchanged as a cassette, which `show`, `validate`, `explain` and `play` open: one like those of `record --around`, where both
 * sides were seen. Credentials are taken out.
 */
export async function writeEvidence(exchanges: readonly Observed[], options: EvidenceOptions): Promise<void> {
  const recorder = await createRecorder({
    path: options.path,
    force: true,
    ownThread: false,
    redactPatterns: patternsOf(options.secrets ?? []),
    header: {
      format: FORMAT_VERSION,
      tool: VERSION,
      recordedAt: new Date(exchanges[0]?.startedAt ?? 0).toISOString(),
      gateway: options.gateway,
      upstream: { url: options.upstream, protocol: null },
      ...(options.around ? { around: { url: options.url ?? '', joined: true } } : {}),
    },
  });
  for (const [i, exchange] of exchanges.entries()) {
    await recorder.room();
    const { startedAt, protocol, request, connection } = exchange;
    const seed = `${startedAt}-${sha256Hex(`${options.path} ${i}`).slice(0, 16)}`;
    const tap = recorder.open({
      ...{ startedAt, seed, protocol, request },
      ...(connection === undefined ? {} : { connection }),
    });
    writeBody(tap.clientRequest, 0, exchange.requestBody);
    for (const attempt of exchange.attempts) {
      const late = Math.max(0, attempt.startedAt - startedAt);
      const upstream = tap.attempt();
      const head = { ...attempt.request, url: new URL(attempt.request.url, options.upstream).href };
      writeBody(upstream.request(late, head, attempt.protocol, options.gateway), late, attempt.requestBody);
      if (attempt.response) writeChunks(upstream.response(late + attempt.headMs, attempt.response), attempt, late);
      upstream.close(attempt.outcome, { ...attempt.end, ms: late + attempt.end.ms });
    }
    if (exchange.response)
      writeChunks(tap.clientResponse(exchange.headMs, exchange.response, options.gateway), exchange, 0);
    tap.close(exchange.outcome, exchange.end);
  }
  await recorder.close();
  if (exchanges.some(({ attempts }) => attempts.some(({ guessed }) => guessed)))
    await markGuesses(exchanges, options.path);
}

/** Says which upstream requests may be another exchange's: the recorder knows of none. */
async function markGuesses(exchanges: readonly Observed[], path: string): Promise<void> {
  const cassette = await openCassette(path);
  async function* marked(): AsyncGenerator<Entry> {
    let number = 0;
    for await (const { client, attempts } of cassette.exchanges()) {
      const sides = exchanges[number++]?.attempts ?? [];
      yield client;
      yield* attempts.map((entry, i): Entry => (sides[i]?.guessed ? { ...entry, _join: GUESS } : entry));
    }
  }
  try {
    await writeCassette(path, cassette.header, marked(), { force: true });
  } finally {
    await cassette.close();
  }
}

const GUESS: EntryJoin = { by: 'order', certainty: 'guess' };

function writeBody(tap: MessageTap, ms: number, body: Uint8Array): void {
  if (body.length > 0) tap.data(ms, body);
  tap.end({ by: 'client', ms, how: 'complete' });
}

function writeChunks(tap: MessageTap, side: ObservedSide, late: number): void {
  for (const [ms, bytes] of side.chunks) tap.data(late + ms, bytes);
  tap.end({ ...side.end, ms: late + side.end.ms });
}
