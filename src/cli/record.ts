import { chooseCassettePath } from '../cassette/output-path.ts';
import { createRecorder } from '../cassette/recorder.ts';
import type { RecordingSummary } from '../cassette/tap.ts';
import { EXIT } from '../errors.ts';
import { startProxy } from '../proxy/server.ts';
import { formatBytes, formatCount } from '../report/format.ts';
import type { Outcome } from '../util/types.ts';
import type { Command } from './command.ts';
import { FLAGS } from './flags.ts';
import { type Io, remark, say, sayJson } from './io.ts';
import { proxyOptions, redactPatterns } from './proxy-flags.ts';
import { recordingHeader } from './recording-header.ts';
import { serve } from './serve.ts';
import { pathWord, shortPath } from './short-path.ts';
import { watchExchanges } from './watch.ts';

export const recordCommand: Command = {
  usage: 'record',
  summary: 'Proxy with recording: write what crosses the wire to a cassette',
  flags: {
    output: { type: 'string', alias: 'o', describe: 'Cassette file or folder (default: cassettes/<date>-<n>.har)' },
    upstream: { ...FLAGS.upstream, demandOption: true },
    host: FLAGS.host,
    port: FLAGS.port,
    'request-coding': { ...FLAGS['request-coding'], default: 'pass' },
    'upstream-key-env': FLAGS['upstream-key-env'],
    ca: FLAGS.ca,
    websocket: FLAGS.websocket,
    'codex-home': FLAGS['codex-home'],
    redact: FLAGS.redact,
    force: FLAGS.force,
    json: FLAGS.json,
  },
  examples: [
    ['$0 record --upstream https://api.openai.com/v1', 'Record until Ctrl+C; point a client at the printed URL'],
    ["$0 record --upstream https://api.openai.com/v1 -- codex exec 'hi'", 'Record one Codex run and end with it'],
    ['$0 record -o bug.har --upstream http://127.0.0.1:4000 -- codex', 'Record what a gateway answers'],
  ],
  async run(args, io) {
    const options = await proxyOptions(args, io, args.upstream as string);
    const header = recordingHeader(options.upstream);
    const force = args.force as boolean;
    const path = await chooseCassettePath(args.output as string | undefined, io.cwd, new Date(), force);
    let failure: string | undefined;
    const recorder = await createRecorder({
      path,
      force,
      redactPatterns: redactPatterns(args),
      header,
      onFailure(message) {
        failure = message;
        remark(io, `${io.errorColour.red('recording stopped')} ${message} Traffic goes on, unrecorded.`);
      },
    });
    const command = args['--'] ?? [];
    const ended = { all: 0, refused: 0 };
    let code: number;
    try {
      const watched = command.length === 0 && io.stderr.isTTY ? watchExchanges(recorder, io) : recorder;
      const onExchange = (_: unknown, outcome: Outcome) => {
        ended.all += 1;
        if (outcome === 'refused') ended.refused += 1;
      };
      const proxy = await startProxy({ ...options, recorder: watched, onExchange });
      code = await serve(proxy, io, { json: args.json as boolean, command, codexHome: args['codex-home'] as string });
    } catch (error) {
      await recorder.discard();
      throw error;
    }
    if (ended.all === 0 && args.output === undefined) {
      // An empty cassette that nobody named would only become the newest one.
      await recorder.discard();
      remark(io, 'Nothing came, so no cassette was written.');
      if (args.json)
        sayJson(io, { event: 'summary', path: null, exchanges: 0, outcomes: {}, bytes: 0, redacted: {}, next: [] });
      return code;
    }
    const summary = await recorder.close();
    printSummary(summary, { json: args.json as boolean, quiet: command.length > 0 }, io);
    if (failure !== undefined) return command.length === 0 ? EXIT.output : EXIT.tapedeckFailed;
    const unreachable = ended.all > 0 && ended.refused === ended.all;
    return command.length === 0 && unreachable ? EXIT.unreachable : code;
  },
};

function printSummary(summary: RecordingSummary, { json, quiet }: { json: boolean; quiet: boolean }, io: Io): void {
  const next = ['show', 'validate', 'explain'].map((command) => `tapedeck ${command} ${pathWord(summary.path, io)}`);
  if (json) {
    sayJson(io, { event: 'summary', ...summary, next });
    return;
  }
  // With a command, stdout is the client's.
  const write = quiet ? remark : say;
  const colour = quiet ? io.errorColour : io.colour;
  const outcomes = Object.entries(summary.outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  const redacted = Object.entries(summary.redacted).map(([kind, count]) => `${count} ${kind}`);
  write(
    io,
    `${colour.bold(shortPath(summary.path, io))}  ${formatCount(summary.exchanges, 'exchange')}, ${formatBytes(summary.bytes)}`,
  );
  if (outcomes.length > 0) write(io, `  outcomes  ${outcomes.join(', ')}`);
  write(io, `  redacted  ${redacted.join(', ') || 'nothing'}`);
  if (summary.failed) write(io, `  ${colour.red('incomplete')}  ${summary.failed}`);
  for (const line of next) write(io, colour.dim(`  ${line}`));
}
