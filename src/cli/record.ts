import { rmdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { look } from '../cassette/journal.ts';
import { createRecorder } from '../cassette/recorder.ts';
import { JOURNAL_SUFFIX } from '../cassette/recovery.ts';
import { CASSETTE_FOLDER } from '../cassette/store.ts';
import { EXIT } from '../errors.ts';
import { startProxy } from '../proxy/server.ts';
import type { Outcome } from '../util/types.ts';
import type { Command } from './command.ts';
import { FLAGS } from './flags.ts';
import { remark } from './io.ts';
import { sayWhenSlow } from './patience.ts';
import { KEY_ADVICE, PROXY_FLAGS, proxyOptions, redactPatterns, warnOfOpenKey } from './proxy-flags.ts';
import { aroundHeader, aroundSettings, joinRecording, startAround } from './record/around.ts';
import { chooseOutput } from './record/output.ts';
import { sayNothingCame, saySummary } from './record/summary.ts';
import { recordingHeader } from './recording-header.ts';
import { serve } from './serve.ts';
import { watchExchanges } from './watch.ts';

export const recordCommand: Command = {
  usage: 'record',
  summary: 'Proxy with recording: write what crosses the wire to a cassette',
  takesCommand: true,
  flags: {
    output: { type: 'string', alias: 'o', describe: 'Cassette file or folder (default: cassettes/<date>-<n>.har)' },
    upstream: { ...FLAGS.upstream, demandOption: true },
    host: FLAGS.host,
    port: FLAGS.port,
    'request-coding': { ...FLAGS['request-coding'], default: 'pass' },
    ...PROXY_FLAGS,
    redact: FLAGS.redact,
    append: {
      type: 'boolean',
      default: false,
      describe: 'Put what is recorded behind the exchanges of an existing cassette (-o FILE)',
    },
    split: {
      type: 'string',
      choices: ['session'],
      describe: 'Write one cassette a session, NAME-<n>.har, when the recording is over',
    },
    around: {
      type: 'string',
      describe: "Base URL of somebody else's gateway: record on both sides of it (see docs/around.md)",
    },
    'back-port': { type: 'number', describe: 'With --around: port at which the gateway finds its provider' },
    launch: {
      type: 'string',
      describe:
        'Command that starts the gateway to record around; {upstream}, {upstream_root} and {port} are filled in',
    },
    gateway: { type: 'string', describe: 'With --around: how the gateway is called in the cassette' },
    force: FLAGS.force,
    json: FLAGS.json,
  },
  examples: [
    ['$0 record --upstream https://api.openai.com/v1', 'Record until Ctrl+C; point a client at the printed URL'],
    ["$0 record --upstream https://api.openai.com/v1 -- codex exec 'hi'", 'Record one Codex run and end with it'],
    ['$0 record -o bug.har --upstream http://127.0.0.1:4000 -- codex', 'Record what a gateway answers'],
    ["$0 record -o bug.har --append --upstream URL -- codex exec 'go on'", 'Add one more run to bug.har'],
    ['$0 record --around http://127.0.0.1:4000 --back-port 9000 --upstream URL', 'Record both sides of a gateway'],
    ['$0 record -o day.har --split session --upstream URL', 'One cassette a Codex session: day-1.har, day-2.har, …'],
  ],
  async run(args, io) {
    const options = await proxyOptions(args, io, args.upstream as string);
    warnOfOpenKey(options, KEY_ADVICE, io);
    const around = aroundSettings(args);
    const plain = recordingHeader(options.upstream);
    const header = around ? aroundHeader(plain, around) : plain;
    const output = await chooseOutput(args, io);
    let failure: string | undefined;
    const home = resolve(io.cwd, CASSETTE_FOLDER);
    const isNew = (await look(home)) === undefined;
    const recorder = await createRecorder({
      path: output.path,
      force: output.force,
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
      const proxy = around
        ? await startAround(around, { ...options, onExchange }, watched, io, args.json as boolean)
        : await startProxy({ ...options, recorder: watched, onExchange });
      code = await serve(proxy, io, { json: args.json as boolean, command, codexHome: args['codex-home'] as string });
    } catch (error) {
      await recorder.discard();
      // Removes a folder only when nothing is in it.
      if (isNew) await rmdir(home).catch(() => undefined);
      throw error;
    }
    const style = { json: args.json as boolean, quiet: command.length > 0 };
    if (ended.all === 0 && output.dropEmpty) {
      // An empty cassette that nobody named would only become the newest one.
      await recorder.discard();
      if (isNew) await rmdir(home).catch(() => undefined);
      sayNothingCame(args.append as boolean, style, io);
      return code;
    }
    const recording = await sayWhenSlow(io, 'Writing the cassette …', recorder.close());
    // A journal that could not be made a cassette waits for the next command.
    const isWhole = !recording.path.endsWith(JOURNAL_SUFFIX);
    const summary = around && isWhole ? await joinRecording(recording) : recording;
    const files = isWhole ? await output.finish(summary) : [];
    saySummary(summary, files, style, io);
    if (ended.all === 0) remark(io, 'Nothing came, so the cassette holds no exchange.');
    if (failure !== undefined) return command.length === 0 ? EXIT.output : EXIT.tapedeckFailed;
    const unreachable = ended.all > 0 && ended.refused === ended.all;
    return command.length === 0 && unreachable ? EXIT.unreachable : code;
  },
};
