import { TapedeckError } from '../errors.ts';
import type { Arguments, Command } from './command.ts';
import { elide, redact, trim } from './edit/change.ts';
import { merge, scan, split } from './edit/whole.ts';
import { FLAGS } from './flags.ts';
import type { Io } from './io.ts';

/** What an operation gets: the cassettes that were named (none: the newest one) and the flags. */
export interface EditRequest {
  operation: string;
  cassettes: string[];
  args: Arguments;
  io: Io;
}

interface Operation {
  run(request: EditRequest): Promise<number>;
  /** Flags that mean something for it, besides -o, --force and --json. */
  flags: readonly string[];
  several?: true;
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  redact: { run: redact, flags: ['redact', 'redact-header', 'in-place'] },
  elide: { run: elide, flags: ['in-place'] },
  trim: { run: trim, flags: ['exchanges', 'drop-exchanges', 'drop-upstream', 'in-place'] },
  split: { run: split, flags: ['by'] },
  merge: { run: merge, flags: [], several: true },
  scan: { run: scan, flags: [] },
};

const NAMES = Object.keys(OPERATIONS);

/** `tapedeck edit`: changes to cassettes that people need. The result is a new file unless --in-place is given. */
export const editCommand: Command = {
  usage: 'edit [cassette] [operation] [more..]',
  summary: 'Change cassettes: redact, elide, trim, split, merge, or scan them for secrets',
  flags: {
    output: { type: 'string', alias: 'o', describe: 'File to write (split: folder); default: NAME.<operation>.har' },
    'in-place': { type: 'boolean', default: false, describe: 'redact, elide, trim: replace the cassette itself' },
    redact: { ...FLAGS.redact, describe: 'redact: regular expression of a secret of your own; repeatable' },
    'redact-header': {
      type: 'string',
      array: true,
      describe: 'redact: name of a header that holds a secret; repeatable',
    },
    exchanges: { type: 'string', describe: 'trim: keep only these, e.g. 1-3,7,10-' },
    'drop-exchanges': { type: 'string', describe: 'trim: leave these out' },
    'drop-upstream': { type: 'boolean', default: false, describe: 'trim: keep the client side alone' },
    by: {
      type: 'string',
      choices: ['session', 'exchange'],
      describe: 'split: a cassette a session (default) or an exchange',
    },
    force: FLAGS.force,
    json: FLAGS.json,
  },
  examples: [
    ["tapedeck edit bug.har redact --redact 'ACME-\\d+'", 'bug.redact.har, without what the pattern finds'],
    ['tapedeck edit bug.har trim --exchanges 3 -o one.har', 'One exchange, to be shared'],
    ['tapedeck edit bug.har split', 'A cassette a Codex session, into bug.split/'],
    ['tapedeck edit merge a.har b.har -o both.har', 'The exchanges of both, by time'],
    ['tapedeck edit bug.har scan', 'Looks for secrets; exit code 5 when there are any'],
  ],
  extend: (yargs) =>
    yargs
      .positional('cassette', { type: 'string', describe: 'Cassette; the newest one of cassettes/ when not given' })
      .positional('operation', { type: 'string', describe: `One of ${NAMES.join(', ')}` })
      .positional('more', { type: 'string', array: true, describe: 'merge: the other cassettes' }),
  run: (args, io) => {
    const request = readRequest(args, io);
    return OPERATIONS[request.operation]!.run(request);
  },
};

/** `edit a.har merge b.har` and `edit merge a.har b.har` are the same. */
function readRequest(args: Arguments, io: Io): EditRequest {
  const words = [args.cassette, args.operation, ...((args.more as unknown[] | undefined) ?? [])]
    .filter((word) => word !== undefined)
    .map(String);
  const at = NAMES.includes(words[1] ?? '') ? 1 : 0;
  const operation = words[at] ?? '';
  if (!NAMES.includes(operation)) {
    throw usage('Say what is to be done with the cassette.', `It is one of ${NAMES.join(', ')}.`);
  }
  const { several, flags } = OPERATIONS[operation]!;
  const cassettes = words.filter((_, i) => i !== at);
  if (!several && cassettes.length > 1)
    throw usage(`\`edit ${operation}\` takes one cassette.`, 'Run it once for each.');
  for (const flag of new Set(Object.values(OPERATIONS).flatMap((other) => other.flags))) {
    const given = args[flag] !== undefined && args[flag] !== false;
    if (given && !flags.includes(flag))
      throw usage(`--${flag} does not belong to \`edit ${operation}\`.`, 'Leave it out.');
  }
  if (args['in-place'] && args.output !== undefined)
    throw usage('--in-place and -o cannot both be given.', 'Choose one.');
  return { operation, cassettes, args, io };
}

function usage(message: string, hint: string): TapedeckError {
  return new TapedeckError('usage', message, { hint });
}
