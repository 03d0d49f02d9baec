import { CATALOGUE } from '../conformance/catalogue.ts';
import { TapedeckError } from '../errors.ts';
import { exitOfReport } from '../report/conformance/model.ts';
import { CONFORMANCE_REPORTERS } from '../report/conformance/reporters.ts';
import type { Arguments, Command } from './command.ts';
import { CONFORMANCE_FLAGS } from './conformance/flags.ts';
import { sayChecks, sayPlan, sayWaysToGoOn } from './conformance/list.ts';
import { applyMeasures, compareFiles, isComparisonOfFiles, readMeasures, sayBeside } from './conformance/measures.ts';
import { readRealClients } from './conformance/real-clients.ts';
import { selectChecks } from './conformance/select.ts';
import { readSettings, selectionOf } from './conformance/settings.ts';
import { tryGateway } from './conformance/stage.ts';
import type { Io } from './io.ts';
import { checkOutputs, outputsOf, writeWith } from './replay/output.ts';

/** `tapedeck conformance`: a verdict on any gateway. */
export const conformanceCommand: Command = {
  usage: 'conformance [url]',
  summary: 'Find out whether Codex, Chat and Messages clients will work through a gateway',
  flags: CONFORMANCE_FLAGS,
  examples: [
    ['$0 conformance http://127.0.0.1:4000/v1', 'What needs neither a model nor a provider'],
    ['$0 conformance http://127.0.0.1:4000/v1 --hermetic --upstream-port 9000', 'Everything, without a real model'],
    [
      "$0 conformance --launch './gateway --port {port} --upstream {upstream}'",
      'The same; the gateway is started, too',
    ],
    ['$0 conformance --gateway opencodex', 'The same for a well-known gateway, which is installed first'],
    ['$0 conformance http://127.0.0.1:4000/v1 --live -m gpt-5.5 --key-env GATEWAY_KEY', "With the gateway's own model"],
    [
      "$0 conformance --launch './gateway --port {port} --upstream {upstream}' --codex 0.113.0,0.169.0",
      'With real Codex binaries as clients, too',
    ],
    ['$0 conformance --compare before.json after.json', 'Two reports side by side'],
  ],
  extend: (yargs) => yargs.positional('url', { type: 'string', describe: 'Base URL of the gateway' }),
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  if (isComparisonOfFiles(args)) return compareFiles(args, io);
  const clients = await readRealClients(args, io);
  const checks = selectChecks([...CATALOGUE, ...clients.checks], selectionOf(args));
  if (args.list === true) return sayChecks(checks, args, io);
  if (checks.length === 0) {
    throw new TapedeckError('usage', 'No check is left to be tried.', {
      hint: '`tapedeck conformance --list` shows all of them; loosen --filter, --exclude, --level or --profile.',
    });
  }
  const outputs = outputsOf(args);
  const settings = readSettings(args, io);
  if (args['dry-run'] === true) return sayPlan(checks, settings.mode, args, io);
  const measures = await readMeasures(args, io);
  await checkOutputs(outputs, io);
  await clients.fetch(checks);
  const progress = createProgress(io);
  const found = await tryGateway(settings, checks, io, progress.step).finally(progress.clear);
  const report = applyMeasures(found, measures);
  await writeWith(CONFORMANCE_REPORTERS, report, outputs, io);
  if (measures.other) sayBeside(measures.other, report, outputs, io);
  if (settings.mode === 'basic') sayWaysToGoOn(settings, io);
  return exitOfReport(report);
}

/** On a terminal alone: how far the run is. */
function createProgress(io: Io): { step(done: number, all: number): void; clear(): void } {
  const shown = io.stderr.isTTY === true;
  return {
    step(done, all) {
      if (shown) io.stderr.write(`\r${io.errorColour.dim(`${done} of ${all} tried`)}`);
    },
    clear() {
      if (shown) io.stderr.write('\r\x1b[K');
    },
  };
}
