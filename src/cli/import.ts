import { resolve } from 'node:path';
import type { Producer } from '../cassette/format.ts';
import { openSource } from '../cassette/import/detect.ts';
import { type ImportSummary, importSource } from '../cassette/import/run.ts';
import { LACKS, type Lack } from '../cassette/import/source.ts';
import { chooseCassettePath } from '../cassette/output-path.ts';
import { EXIT } from '../errors.ts';
import { formatBytes, formatCount } from '../report/format.ts';
import { oneLine } from '../report/text.ts';
import { classify } from '../route/endpoints.ts';
import type { Protocol } from '../util/types.ts';
import { VERSION } from '../util/version.ts';
import type { Command } from './command.ts';
import { FLAGS } from './flags.ts';
import { type Io, say, sayJson } from './io.ts';
import { redactPatterns } from './proxy-flags.ts';

/** `tapedeck import`: what another program recorded, as a cassette. */
export const importCommand: Command = {
  usage: 'import <source>',
  summary: 'Make a cassette of what another program recorded: dumps of Codex, HAR files, mitmproxy flows',
  flags: {
    output: { type: 'string', alias: 'o', describe: 'Cassette file or folder (default: cassettes/<date>-<n>.har)' },
    gateway: { type: 'string', describe: 'NAME or NAME/VERSION of what stood between client and provider' },
    redact: FLAGS.redact,
    'redact-header': { type: 'string', array: true, describe: 'Name of a header that holds a secret; repeatable' },
    force: FLAGS.force,
    json: FLAGS.json,
  },
  examples: [
    ['tapedeck import dump/', 'A folder of `codex responses-api-proxy --dump-dir dump/`'],
    ['tapedeck import network.har -o bug.har', "What a browser's developer tools or mitmproxy saved"],
    ['tapedeck import --gateway litellm/1.60 flows.mitm', 'A flow file of `mitmdump -w flows.mitm`'],
  ],
  extend: (yargs) =>
    yargs.positional('source', {
      type: 'string',
      demandOption: true,
      describe: 'File or folder; its content says what it is',
    }),
  async run(args, io) {
    const source = await openSource(resolve(io.cwd, String(args.source)));
    const force = args.force as boolean;
    const summary = await importSource(source, {
      path: await chooseCassettePath(args.output as string | undefined, io.cwd, new Date(), force),
      force,
      tool: VERSION,
      patterns: redactPatterns(args),
      headers: (args['redact-header'] as string[] | undefined) ?? [],
      gateway: readGateway(args.gateway as string | undefined),
      protocolOf,
    });
    if (args.json) sayJson(io, { event: 'imported', ...summary });
    else saySummary(summary, io);
    return EXIT.ok;
  },
};

function readGateway(text: string | undefined): Producer | undefined {
  if (text === undefined) return undefined;
  const [name, version] = text.split(/\/(?=\d)/);
  return version === undefined ? { name: text } : { name: name!, version };
}

/** An upgrade is a GET; what goes over the socket is what is posted elsewhere. */
function protocolOf(method: string, url: string, webSocket: boolean): Protocol | null {
  return classify(webSocket ? 'POST' : method, url).protocol;
}

function saySummary(summary: ImportSummary, io: Io): void {
  const { colour } = io;
  say(io, `${colour.bold(summary.path)}  ${formatCount(summary.exchanges, 'exchange')}, ${formatBytes(summary.bytes)}`);
  const outcomes = Object.entries(summary.outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  const redacted = Object.entries(summary.redacted).map(([kind, count]) => `${count} ${kind}`);
  say(io, `  source    ${oneLine(summary.title)}`);
  if (outcomes.length > 0) say(io, `  outcomes  ${outcomes.join(', ')}`);
  say(io, `  redacted  ${redacted.join(', ') || 'nothing'}`);
  const lacks = Object.entries(summary.lacks) as [Lack, number][];
  for (const [lack, count] of lacks) say(io, `  absent    ${LACKS[lack]} (${formatCount(count, 'exchange')})`);
  for (const command of ['show', 'validate']) say(io, colour.dim(`  tapedeck ${command} ${summary.path}`));
}
