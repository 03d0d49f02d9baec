import { join } from 'node:path';
import { listFolder } from '../cassette/journal.ts';
import { chooseCassettePath } from '../cassette/output-path.ts';
import { CASSETTE_FOLDER } from '../cassette/store.ts';
import { EXIT } from '../errors.ts';
import { formatMs } from '../report/format.ts';
import type { Command } from './command.ts';
import { findClient } from './demo/client.ts';
import { type DemoResult, type DemoStep, runDemo } from './demo/steps.ts';
import { FLAGS } from './flags.ts';
import { type Io, remark, say, sayJson } from './io.ts';
import { pathWord, shortPath } from './short-path.ts';

/** `tapedeck demo`: the whole line once, on this machine alone. */
export const demoCommand: Command = {
  usage: 'demo',
  summary: 'Record, validate and play a scripted session: no key, no network, under a minute',
  flags: {
    output: { type: 'string', alias: 'o', describe: 'Cassette file or folder (default: cassettes/demo-<n>.har)' },
    codex: {
      type: 'string',
      describe: 'Codex to run (default: the one on PATH), or `built-in` for the built-in client',
    },
    force: FLAGS.force,
    json: FLAGS.json,
  },
  examples: [
    ['$0 demo', 'With Codex if it is installed, else with a client that sends what Codex sends'],
    ['$0 demo --codex ~/bin/codex-0.169.0', 'With a certain Codex'],
  ],
  async run(args, io) {
    const force = args.force as boolean;
    const output = args.output as string | undefined;
    const path =
      output === undefined
        ? await nextDemoPath(join(io.cwd, CASSETTE_FOLDER))
        : await chooseCassettePath(output, io.cwd, new Date(), force);
    const client = await findClient(args.codex as string | undefined, io.env, io.cwd);
    if (!args.json) remark(io, io.errorColour.dim(`Recording ${client.name}, then playing it back …`));
    const result = await runDemo(client, path, force);
    const shown = shortPath(path, io);
    const next = nextCommands(pathWord(path, io), io.env);
    if (args.json) sayJson(io, { event: 'demo', ...result, cassette: shown, next: next.map(([command]) => command) });
    else sayResult(result, shown, next, io);
    return result.ok ? EXIT.ok : EXIT.findings;
  },
};

/** `demo-<n>.har`, one more than the highest there is. */
async function nextDemoPath(folder: string): Promise<string> {
  let highest = 0;
  await listFolder(folder, (name) => {
    highest = Math.max(highest, Number(/^demo-(\d+)\.har(?:\.part)?$/.exec(name)?.[1] ?? 0));
    return false;
  });
  return join(folder, `demo-${highest + 1}.har`);
}

/** What to type next. Run by npm in a checkout, `tapedeck` is not on the PATH, but npx finds it. */
function nextCommands(cassette: string, env: NodeJS.ProcessEnv): [command: string, what: string][] {
  const tapedeck = env.npm_lifecycle_event === undefined ? 'tapedeck' : 'npx tapedeck';
  return [
    [`${tapedeck} show ${cassette}`, 'the exchanges as a table'],
    [`${tapedeck} show ${cassette} 2`, 'the second one, event by event'],
    [`${tapedeck} explain ${cassette}`, 'what Codex makes of each answer'],
    [`${tapedeck} play ${cassette}`, 'serve it to any client'],
    [`${tapedeck} record --upstream https://api.openai.com/v1 -- codex`, 'record a session of your own'],
  ];
}

function sayResult(result: DemoResult, cassette: string, next: [string, string][], io: Io): void {
  const { bold, dim, cyan, green, red } = io.colour;
  say(io);
  for (const step of result.steps) sayStep(step, io);
  if (!result.ok) {
    say(io, `\n${red('The demo did not pass.')} ${cassette} holds what was recorded.`);
    return;
  }
  say(io, `\n  ${dim('asked')}     ${result.prompt}`);
  say(io, `  ${dim('answered')}  ${result.finalText}`);
  say(io, `  ${dim('cassette')}  ${bold(cassette)}`);
  say(io, `\n${green('All of it passed.')} Look at next:\n`);
  const width = Math.max(...next.map(([command]) => command.length));
  for (const [command, what] of next) say(io, `  ${cyan(command.padEnd(width))}  ${dim(what)}`);
}

function sayStep({ name, ok, text, problems, ms }: DemoStep, io: Io): void {
  const { bold, dim, green, red } = io.colour;
  const mark = ok ? green('ok    ') : red('failed');
  say(io, `  ${mark}  ${bold(name.padEnd(8))}  ${text}  ${dim(formatMs(ms))}`);
  for (const problem of problems) say(io, `          ${red(problem)}`);
}
