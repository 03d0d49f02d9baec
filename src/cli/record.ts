import { FORMAT_VERSION } from '../cassette/format.ts';
import { chooseCassettePath } from '../cassette/output-path.ts';
import { createRecorder } from '../cassette/recorder.ts';
import type { RecordingSummary } from '../cassette/tap.ts';
import { EXIT } from '../errors.ts';
import { startProxy } from '../proxy/server.ts';
import { formatBytes, formatCount } from '../report/format.ts';
import { parseBaseUrl } from '../route/base-url.ts';
import { VERSION } from '../util/version.ts';
import type { Command } from './command.ts';
import { FLAGS } from './flags.ts';
import { type Io, remark, say, sayJson } from './io.ts';
import { proxyOptions, redactPatterns } from './proxy-flags.ts';
import { serve } from './serve.ts';
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
    const base = parseBaseUrl(options.upstream);
    const force = args.force as boolean;
    const path = await chooseCassettePath(args.output as string | undefined, io.cwd, new Date(), force);
    let failure: string | undefined;
    const recorder = await createRecorder({
      path,
      force,
      redactPatterns: redactPatterns(args),
      header: {
        format: FORMAT_VERSION,
        tool: VERSION,
        recordedAt: new Date().toISOString(),
        gateway: { name: 'tapedeck', version: VERSION },
        upstream: { url: `${base.origin}${base.basePath}`, protocol: null },
      },
      onFailure(message) {
        failure = message;
        remark(io, `${io.errorColour.red('recording stopped')} ${message} Traffic goes on, unrecorded.`);
      },
    });
    const command = args['--'] ?? [];
    const outcomes: string[] = [];
    let code: number;
    try {
      const watched = command.length === 0 && io.stderr.isTTY ? watchExchanges(recorder, io) : recorder;
      const onExchange = (_: unknown, outcome: string) => void outcomes.push(outcome);
      const proxy = await startProxy({ ...options, recorder: watched, onExchange });
      code = await serve(proxy, io, { json: args.json as boolean, command, codexHome: args['codex-home'] as string });
    } finally {
      const summary = await recorder.close();
      printSummary(summary, { json: args.json as boolean, quiet: command.length > 0 }, io);
    }
    if (failure !== undefined) return EXIT.output;
    const unreachable = outcomes.length > 0 && outcomes.every((outcome) => outcome === 'refused');
    return command.length === 0 && unreachable ? EXIT.unreachable : code;
  },
};

function printSummary(summary: RecordingSummary, { json, quiet }: { json: boolean; quiet: boolean }, io: Io): void {
  const next = [
    `tapedeck show ${summary.path}`,
    `tapedeck validate ${summary.path}`,
    `tapedeck explain ${summary.path}`,
  ];
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
    `${colour.bold(summary.path)}  ${formatCount(summary.exchanges, 'exchange')}, ${formatBytes(summary.bytes)}`,
  );
  if (outcomes.length > 0) write(io, `  outcomes  ${outcomes.join(', ')}`);
  write(io, `  redacted  ${redacted.join(', ') || 'nothing'}`);
  if (summary.failed) write(io, `  ${colour.red('incomplete')}  ${summary.failed}`);
  for (const line of next) write(io, colour.dim(`  ${line}`));
}
