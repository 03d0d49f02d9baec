import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { EXIT, TapedeckError } from '../errors.ts';
import { type DocumentKind, translateDocument } from '../proxy/translated/document.ts';
import type { Protocol } from '../util/types.ts';
import type { Command } from './command.ts';
import { FLAGS } from './flags.ts';
import { type Io, remark, sayJson } from './io.ts';

const PROTOCOLS: readonly Protocol[] = ['responses', 'chat', 'messages'];

export const translateCommand: Command = {
  usage: 'translate <file>',
  summary: 'Translate one document from one protocol into another; what is lost is told on stderr',
  flags: {
    from: { type: 'string', choices: PROTOCOLS, demandOption: true, describe: 'Protocol of the document' },
    to: { type: 'string', choices: PROTOCOLS, demandOption: true, describe: 'Protocol to translate it into' },
    kind: {
      type: 'string',
      choices: ['request', 'response', 'stream'],
      describe: 'What the document is (default: seen from the document)',
    },
    request: {
      type: 'string',
      describe: 'File of the request that a response or a stream answers: it tells the names of tools',
    },
    dialect: {
      type: 'string',
      describe: "Name of a provider's table of peculiarities (docs/translation.md); default: a careful one",
    },
    json: FLAGS.json,
  },
  examples: [
    ['$0 translate --from responses --to chat request.json', 'What Codex asks, as a Chat Completions request'],
    [
      '$0 translate --from chat --to responses --request request.json answer.sse',
      "A provider's stream, as Codex gets it",
    ],
    ['$0 translate --from messages --to responses - --json < request.json', 'Document and losses as one JSON object'],
  ],
  extend: (yargs) =>
    yargs.positional('file', { type: 'string', describe: 'File of the document; - is stdin', demandOption: true }),
  async run(args, io) {
    const text = await readDocument(args.file as string, io);
    const request = args.request as string | undefined;
    const document = translateDocument(text, {
      from: args.from as Protocol,
      to: args.to as Protocol,
      ...(args.kind === undefined ? {} : { kind: args.kind as DocumentKind }),
      ...(args.dialect === undefined ? {} : { dialect: args.dialect as string }),
      ...(request === undefined ? {} : { request: await readDocument(request, io) }),
    });
    if (args.json) {
      sayJson(io, { event: 'translated', kind: document.kind, text: document.text, losses: document.losses });
      return EXIT.ok;
    }
    io.stdout.write(document.text);
    for (const { hop, path, kind, weight, reason } of document.losses)
      remark(io, `lost ${kind} ${path || '/'} (${hop}, ${weight}): ${reason}`);
    return EXIT.ok;
  },
};

async function readDocument(path: string, io: Io): Promise<string> {
  if (path === '-') return readAll(io.stdin);
  return readFile(resolve(io.cwd, path), 'utf8').catch((cause: Error) => {
    throw new TapedeckError('usage', `${path} cannot be read: ${cause.message}`, { cause });
  });
}
