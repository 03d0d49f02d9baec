import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { JOURNAL_SUFFIX } from '../cassette/recovery.ts';
import { createRedactor } from '../cassette/redact.ts';
import { type CassetteReader, openCassette } from '../cassette/store.ts';
import { EXIT, TapedeckError, worstExit } from '../errors.ts';
import { sourceOfCassette } from '../replay/exchange-source.ts';
import type { Repeat } from '../replay/match.ts';
import { missText } from '../replay/miss.ts';
import { type Player, type PlayerEvent, type PlayerOptions, type Speed, startPlayer } from '../replay/player.ts';
import type { MatchLevel } from '../replay/request.ts';
import { formatCount } from '../report/format.ts';
import { parseBaseUrl } from '../route/base-url.ts';
import { listenError } from '../util/listen-error.ts';
import type { Arguments, Command } from './command.ts';
import { findNamed } from './find-cassette.ts';
import { FLAGS } from './flags.ts';
import { type Io, remark, say, sayJson } from './io.ts';
import { readMatchRules } from './match-rules.ts';
import { READING, sayWhenSlow } from './patience.ts';
import type { Forwarder } from './play-forward.ts';
import { proxyOptions, redactPatterns, warnOfOpenKey } from './proxy-flags.ts';
import { warnOfSecrets } from './secret-warning.ts';
import { serve } from './serve.ts';
import { shortPath } from './short-path.ts';
import { readSpeed } from './speed.ts';

export const playCommand: Command = {
  usage: 'play [cassette]',
  summary: 'Serve a cassette as a gateway or as an upstream, with no network',
  takesCommand: true,
  flags: {
    as: {
      type: 'string',
      choices: ['gateway', 'upstream'],
      default: 'gateway',
      describe: 'Answer clients as the recorded gateway did, or a gateway as the recorded provider did',
    },
    mode: {
      type: 'string',
      choices: ['none', 'once', 'new_episodes'],
      default: 'none',
      describe: 'Never use the network; record when the cassette does not exist yet; record what it does not hold',
    },
    match: {
      type: 'string',
      choices: ['exact', 'shape', 'turn'],
      default: 'shape',
      describe: 'Compare all of a request, all but what is volatile, or its place in the conversation',
    },
    repeat: {
      type: 'string',
      choices: ['none', 'last', 'cycle'],
      default: 'none',
      describe: 'When all equal requests were served: miss, the last answer again, or all again',
    },
    speed: { type: 'string', default: 'instant', describe: 'recorded, instant, or so many times faster than recorded' },
    strict: { type: 'boolean', default: false, describe: 'Recordings that nobody asked for are a failure, too' },
    host: FLAGS.host,
    port: FLAGS.port,
    upstream: { ...FLAGS.upstream, describe: 'With --mode once or new_episodes: where unknown requests go' },
    'request-coding': { ...FLAGS['request-coding'], default: 'pass' },
    'upstream-key-env': FLAGS['upstream-key-env'],
    ca: FLAGS.ca,
    redact: {
      ...FLAGS.redact,
      describe: 'The patterns that the cassette was recorded with, also for what is recorded now; repeatable',
    },
    'codex-home': FLAGS['codex-home'],
    json: FLAGS.json,
  },
  examples: [
    ["$0 play -- codex exec 'hi'", 'Run Codex against the newest cassette'],
    ['$0 play bug.har --as upstream --port 9000', 'Be the provider of a gateway under test'],
    ['$0 play bug.har --speed recorded', 'With the delays that were recorded'],
  ],
  async run(args, io) {
    const speed = readSpeed(args.speed as string);
    const path = await cassettePath(args, io);
    if (path.missing) {
      const { recordCommand } = await import('./record.ts');
      return recordCommand.run({ ...args, output: path.file, force: false }, io);
    }
    const cassette = await sayWhenSlow(io, READING, openCassette(path.file));
    try {
      return await play(path.file, cassette, speed, args, io);
    } finally {
      await cassette.close();
    }
  },
};

async function play(file: string, cassette: CassetteReader, speed: Speed, args: Arguments, io: Io): Promise<number> {
  const patterns = redactPatterns(args);
  const options = await proxyOptions(args, io, (args.upstream as string) ?? '');
  const { host = '127.0.0.1', port = 0, ...upstream } = options;
  if (args.mode === 'new_episodes') warnOfOpenKey(options, '', io);
  const forwarder =
    args.mode === 'new_episodes'
      ? (await import('./play-forward.ts')).createForwarder(file, upstream, patterns, tellStopped(io))
      : undefined;
  await warnOfSecrets(cassette, cassette.exchanges(), io);
  const { header } = cassette;
  const { rules } = await readMatchRules(io);
  const watch = watchPlayer(args.json as boolean, io);
  const started = start(
    {
      exchanges: await sourceOfCassette(cassette),
      as: args.as as PlayerOptions['as'],
      match: args.match as MatchLevel,
      repeat: args.repeat as Repeat,
      speed,
      host,
      port,
      ...(URL.canParse(header.upstream.url) ? { base: parseBaseUrl(header.upstream.url) } : {}),
      ...(Object.keys(header.redacted).length > 0 ? { redactor: createRedactor({ patterns }) } : {}),
      ...(rules ? { rules } : {}),
      ...(forwarder ? { forward: forwarder.forward, forwardSocket: forwarder.forwardSocket } : {}),
      onRequest: watch.onRequest,
    },
    host,
    port,
  );
  const player = await sayWhenSlow(io, READING, started);
  const command = args['--'] ?? [];
  const own = await serve(player, io, {
    json: args.json as boolean,
    command,
    codexHome: args['codex-home'] as string,
  });
  const recordedTo = await forwarder?.close();
  summarize(file, player, recordedTo, { json: args.json as boolean, quiet: command.length > 0 }, io);
  const failures = [watch.failed(), recordedTo?.failed === undefined ? undefined : EXIT.output];
  return exitCode(player, failures, own, args);
}

function tellStopped(io: Io): (message: string) => void {
  return (message) => remark(io, `${io.errorColour.red('recording stopped')} ${message} Traffic goes on, unrecorded.`);
}

/** The cassette to play; `missing`: it is to be recorded first. */
async function cassettePath(args: Arguments, io: Io): Promise<{ file: string; missing: boolean }> {
  const name = args.cassette as string | undefined;
  if (args.mode === 'none' && args.upstream !== undefined) {
    throw new TapedeckError('usage', '--upstream has no use with --mode none, which never touches the network.', {
      hint: 'Add --mode new_episodes or --mode once, or leave --upstream out.',
    });
  }
  if (args.mode !== 'none' && args.upstream === undefined && (args.mode !== 'once' || !(await exists(name, io)))) {
    throw new TapedeckError('usage', `--mode ${args.mode} needs an upstream for what is not recorded yet.`, {
      hint: 'Name it with --upstream URL.',
    });
  }
  if (args.mode !== 'once') return { file: await findNamed(name, io), missing: false };
  if (name === undefined) {
    throw new TapedeckError('usage', '--mode once needs the name of a cassette.', {
      hint: 'Write `tapedeck play NAME.har --mode once --upstream URL`.',
    });
  }
  if (await exists(name, io)) return { file: await findNamed(name, io), missing: false };
  return { file: resolve(io.cwd, name), missing: true };
}

/** Also one that was killed while it was recorded, which is recovered when it is opened. */
async function exists(name: string | undefined, io: Io): Promise<boolean> {
  if (name === undefined) return false;
  const path = resolve(io.cwd, name);
  return Promise.any([path, path + JOURNAL_SUFFIX].map((one) => access(one))).then(
    () => true,
    () => false,
  );
}

async function start(options: PlayerOptions, host: string, port: number): Promise<Player> {
  return startPlayer(options).catch(async (cause: NodeJS.ErrnoException) => {
    if (cause instanceof TapedeckError || cause.code === undefined) throw cause;
    throw listenError(cause, host, port);
  });
}

/** Says on stderr what went wrong as it happens; with `--json` one line on stdout a request. */
function watchPlayer(json: boolean, io: Io): { onRequest(event: PlayerEvent): void; failed(): number | undefined } {
  let failed: number | undefined;
  return {
    onRequest(event) {
      if (json) sayJson(io, { event: event.kind, method: event.method, target: event.target, ...detailOf(event) });
      if (event.kind === 'missed') remark(io, `${io.errorColour.red('miss')} ${missText(event.miss)}`);
      if (event.kind !== 'failed') return;
      const { error } = event;
      const isOurs = error instanceof TapedeckError;
      failed = isOurs ? error.exitCode : EXIT.internal;
      // A cassette that changed meanwhile is no bug.
      const text = isOurs ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
      remark(io, `${io.errorColour.red('error')} ${text}`);
    },
    failed: () => failed,
  };
}

function detailOf(event: PlayerEvent): Record<string, unknown> {
  if (event.kind === 'served') {
    const { exchange, attempt } = event.recording;
    return { exchange: exchange.id, attempt, repeated: event.repeated };
  }
  if (event.kind === 'failed') return { message: String(event.error) };
  const { reason, closest } = event.miss;
  const { pointer, recorded, live } = closest?.first ?? {};
  return { reason, closest: closest?.recording.exchange.id, differing: closest?.leaves, pointer, recorded, live };
}

function summarize(
  path: string,
  player: Player,
  recordedTo: Awaited<ReturnType<Forwarder['close']>>,
  { json, quiet }: { json: boolean; quiet: boolean },
  io: Io,
): void {
  const leftovers = player.leftovers();
  if (json) {
    const { served, forwarded, misses } = player;
    const leftover = leftovers.map(({ id }) => id);
    sayJson(io, { event: 'summary', path, served, missed: misses.length, forwarded, leftover, recordedTo });
    return;
  }
  // A client's output is the result of `play -- COMMAND`, so nothing is mixed into it.
  const write = quiet ? remark : say;
  const { bold, dim, red } = quiet ? io.errorColour : io.colour;
  const counts = [`${player.served} served`, `${player.misses.length} missed`, `${leftovers.length} left over`];
  if (player.forwarded > 0) counts.push(`${player.forwarded} forwarded`);
  write(io, `${bold(shortPath(path, io))}  ${counts.join(', ')}`);
  if (leftovers.length > 0) {
    const shown = leftovers.slice(0, 10).map(({ seq, method }) => `#${seq} ${method}`);
    const more = leftovers.length > shown.length ? `, and ${leftovers.length - shown.length} more` : '';
    write(io, dim(`  left over  ${shown.join(', ')}${more}`));
  }
  if (recordedTo) {
    write(io, `  recorded  ${formatCount(recordedTo.exchanges, 'exchange')} to ${shortPath(recordedTo.path, io)}`);
    if (recordedTo.failed) write(io, `  ${red('incomplete')}  ${recordedTo.failed}`);
  }
}

/**
 * A command's own failure stands. Its success does not hide that a request missed, nor, with `--strict`, that recordings
 * were left over.
 */
function exitCode(player: Player, failures: readonly (number | undefined)[], own: number, args: Arguments): number {
  const hasCommand = (args['--'] ?? []).length > 0;
  const failed = worstExit(failures.filter((code) => code !== undefined));
  if (failed !== EXIT.ok) return hasCommand ? EXIT.tapedeckFailed : failed;
  const leftOver = (args.strict as boolean) && player.leftovers().length > 0;
  return own === EXIT.ok && (player.misses.length > 0 || leftOver) ? EXIT.miss : own;
}
