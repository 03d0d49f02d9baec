import { resolve } from 'node:path';
import type { Dispatcher } from 'undici';
import { appendCassette } from '../../cassette/edit/append.ts';
import { type CassetteHeader, FORMAT_VERSION } from '../../cassette/format.ts';
import { removeFile } from '../../cassette/journal.ts';
import type { RecordedExchange } from '../../cassette/legs.ts';
import { newRecordingPath } from '../../cassette/output-path.ts';
import { createRecorder } from '../../cassette/recorder.ts';
import { createRedactor, type Redactor } from '../../cassette/redact.ts';
import { type CassetteReader, openCassette } from '../../cassette/store.ts';
import type { Recorder, RecordingSummary } from '../../cassette/tap.ts';
import { TapedeckError } from '../../errors.ts';
import { parseBaseUrl } from '../../route/base-url.ts';
import { headerValue } from '../../util/headers.ts';
import type { Side } from '../../util/types.ts';
import { VERSION } from '../../util/version.ts';
import { type ExchangeSource, sourceOfCassette, sourceOfList } from '../exchange-source.ts';
import { type Leftover, type Library, openLibrary } from '../library.ts';
import type { MatchOptions, Repeat } from '../match.ts';
import type { Recording } from '../recording.ts';
import type { MatchLevel, MatchRequest, MatchRules } from '../request.ts';
import type { Call } from './call.ts';
import type { CallDeck } from './call-deck.ts';
import { withFailedConnections } from './failed-connections.ts';
import { type CassetteMiss, expiredMiss, missOf } from './missed.ts';
import { recordCall } from './record-call.ts';

/**
 * `none`: never the network. `once`: the same, but a cassette that does not exist is recorded. `new_episodes`: what a cassette
 * does not hold is recorded and added to it. `all`: everything is recorded anew.
 */
export type CassetteMode = 'none' | 'once' | 'new_episodes' | 'all';

export interface DeckOptions {
  /** Path of a cassette, or exchanges that are read elsewhere, which can only be played. */
  cassette: string | Iterable<RecordedExchange> | ExchangeSource;
  mode: CassetteMode;
  match: MatchLevel;
  repeat: Repeat;
  /** Milliseconds; an older recording is not served. */
  maxAge: number | undefined;
  /** Whose legs are served: those of the recorded gateway, or of its upstream. */
  as: 'gateway' | 'upstream';
  /** Patterns of the user's own secrets. */
  redact: RegExp[];
  rules: MatchRules | undefined;
  /** Of exchanges that are read elsewhere: what their cassette says of itself. */
  header: Pick<CassetteHeader, 'upstream' | 'redacted'> | undefined;
  /** Sends what is recorded. */
  upstream: Dispatcher;
}

/** One cassette in use: what it holds, what was taken from it, and what is recorded to it. */
export class Deck implements CallDeck {
  served = 0;
  recorded = 0;
  readonly misses: CassetteMiss[] = [];
  readonly #options: DeckOptions;
  readonly #played: Played | undefined;
  #recorder: Promise<Recorder> | undefined;
  #recordingPath: string | undefined;
  #finished: Promise<RecordingSummary | undefined> | undefined;

  /** @param played undefined: everything is recorded */
  constructor(options: DeckOptions, played: Played | undefined) {
    this.#options = options;
    this.#played = played;
  }

  /** Nothing is played, everything is recorded. */
  get recordsAll(): boolean {
    return this.#played === undefined;
  }

  /** Looks for the recording of a call and counts it as served; a call without one is told why. */
  async find(call: Call): Promise<Recording | undefined> {
    const { library, redactor } = this.#played!;
    const body = await call.decoded();
    // First the headers: the redactor looks for their credentials in what follows.
    redactor?.headers(call.headers);
    const target = redactor?.url(call.url) ?? call.url;
    const type = headerValue(call.headers, 'content-type') ?? '';
    const asked: MatchRequest = { method: call.method, target, body: redactor?.body(body, type).bytes ?? body };
    for (let expired: Recording | undefined; ; ) {
      const result = library.find(asked);
      if ('miss' in result) {
        call.miss = expired ? this.#expiredMiss(asked, expired) : missOf(await result.miss());
        return undefined;
      }
      const recording = await result.hit.load();
      if (!this.#isExpired(recording)) {
        this.served += 1;
        return recording;
      }
      expired ??= recording;
      // What is given out again would be given out for ever.
      if (result.hit.repeated) {
        call.miss = this.#expiredMiss(asked, expired);
        return undefined;
      }
    }
  }

  /** Sends a call on, and records what becomes of it. */
  async record(call: Call): Promise<void> {
    this.#recorder ??= this.#startRecorder(call);
    const recorder = await this.#recorder;
    this.recorded += 1;
    await recordCall(call, recorder, this.#options.upstream);
  }

  leftovers(): Leftover[] {
    return this.#played?.library.leftovers() ?? [];
  }

  /**
   * Closes the cassette, and writes what was recorded; undefined when nothing was.
   * @throws TapedeckError `output-failed`, `cassette-edited`
   */
  finish(): Promise<RecordingSummary | undefined> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  async #finish(): Promise<RecordingSummary | undefined> {
    await this.#played?.close();
    if (!this.#recorder) return undefined;
    const recorder = await this.#recorder.catch(() => undefined);
    const summary = await recorder?.close();
    if (summary?.failed !== undefined) throw new TapedeckError('output-failed', summary.failed);
    if (!summary || this.#recordingPath === this.#path) return summary;
    const { bytes } = await appendCassette(this.#path!, summary.path);
    await removeFile(summary.path);
    return { ...summary, path: this.#path!, bytes };
  }

  get #path(): string | undefined {
    return pathOf(this.#options);
  }

  #isExpired({ entry }: Recording): boolean {
    const { maxAge } = this.#options;
    return maxAge !== undefined && Date.now() - Date.parse(entry.startedDateTime) > maxAge;
  }

  #expiredMiss({ method, target }: MatchRequest, recording: Recording): CassetteMiss {
    return expiredMiss(method, target, recording, this.#options.maxAge!);
  }

  async #startRecorder({ origin, path }: Call): Promise<Recorder> {
    const { mode, redact } = this.#options;
    const whole = this.#path!;
    this.#recordingPath = this.recordsAll ? whole : await newRecordingPath(whole);
    const { basePath } = parseBaseUrl(origin + path.replace(/\?.*$/s, ''));
    return createRecorder({
      path: this.#recordingPath,
      force: mode === 'all',
      redactPatterns: redact,
      header: {
        format: FORMAT_VERSION,
        tool: VERSION,
        recordedAt: new Date().toISOString(),
        gateway: { name: 'tapedeck', version: VERSION },
        upstream: { url: origin + basePath, protocol: null },
      },
    });
  }
}

/** A cassette that is played. */
interface Played {
  library: Library;
  /** Redacts live requests as the recorded ones were. */
  redactor: Redactor | undefined;
  close(): Promise<void>;
}

/**
 * Opens a cassette for its mode.
 * @throws TapedeckError as `openCassette`; `usage` for a mode that records exchanges which have no file
 */
export async function openDeck(options: DeckOptions): Promise<Deck> {
  const { cassette, mode, header } = options;
  if (typeof cassette !== 'string') {
    if (mode !== 'none' && mode !== 'once') {
      const hint = 'Give the path of a cassette.';
      throw new TapedeckError('usage', `Mode ${mode} records, and these exchanges have no file.`, { hint });
    }
    const source = 'exchanges' in cassette ? cassette : sourceOfList(cassette);
    return new Deck(options, await play(source, header, options, async () => {}));
  }
  const reader = mode === 'all' ? undefined : await openIfThere(pathOf(options)!, mode !== 'none');
  if (!reader) return new Deck(options, undefined);
  try {
    const source = await sourceOfCassette(reader);
    return new Deck(options, await play(source, reader.header, options, () => reader.close()));
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function play(
  source: ExchangeSource,
  header: DeckOptions['header'],
  { match, repeat, as, redact, rules }: DeckOptions,
  close: () => Promise<void>,
): Promise<Played> {
  const open = (side: Side) => {
    const url = header?.upstream.url ?? '';
    const base = side === 'upstream' && URL.canParse(url) ? { base: parseBaseUrl(url) } : {};
    const options: MatchOptions = { level: match, repeat, side, ...base, ...(rules ? { rules } : {}) };
    return openLibrary(side === 'upstream' ? withFailedConnections(source) : source, options);
  };
  let library = await open(as === 'gateway' ? 'client' : 'upstream');
  // A HAR file of another program has one side alone, which counts as that of the client.
  if (as === 'upstream' && library.leftovers().length === 0) library = await open('client');
  const isRedacted = Object.keys(header?.redacted ?? {}).length > 0;
  return { library, redactor: isRedacted ? createRedactor({ patterns: redact }) : undefined, close };
}

async function openIfThere(path: string, mayBeMissing: boolean): Promise<CassetteReader | undefined> {
  try {
    return await openCassette(path);
  } catch (error) {
    const isMissing = error instanceof TapedeckError && error.code === 'cassette-not-found';
    if (isMissing && mayBeMissing) return undefined;
    throw error;
  }
}

function pathOf({ cassette }: DeckOptions): string | undefined {
  return typeof cassette === 'string' ? resolve(cassette) : undefined;
}
