import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { TapedeckError } from '../../errors.ts';

/**
 * A real gateway: where it comes from, how it is made to use a given provider, and how it is asked. The files are
 * fixtures/gateways/NAME.json, JSON and not YAML, since nothing else here needs a YAML reader.
 *
 * In `install`, `files`, `env`, `setup`, `command` and `headers` these are filled in: `{version}`; `{packages}`, the folder of the
 * installation; `{bin}`, the program; `{node}`; `{home}`, a private folder; `{port}`, `{port2}`; `{upstream}`, the base URL of its
 * provider, and `{upstream_root}`, the same without `/v1`; with `hosts`, `{proxy}` and `{certificate}` of the stand-in for them.
 */
export interface GatewayDescription {
  /** As `--gateway` takes it, and the name of its file. */
  name: string;
  title: string;
  /** The version that the description was written for. */
  version: string;
  /** Where its source or its documentation is. */
  source: string;
  install: GatewayInstall;
  /** Version of Node.js that it needs, where that is more than ours. */
  node?: string;
  /** To write below `{home}` before the start: text, or a value that becomes JSON. A `"{port}"` alone becomes a number there. */
  files?: Record<string, unknown>;
  /** Hosts of its provider, where they are built in and a proxy is the way to reach another one: the stand-in answers for these. */
  hosts?: readonly string[];
  /** Folders to make below `{home}`. */
  folders?: readonly string[];
  /** Command lines to run to their end before the start. */
  setup?: readonly string[];
  /** Command line that starts it in the foreground. */
  command: string;
  /** Its environment, beside PATH, HOME and CODEX_HOME; nothing else of ours is passed on. */
  env?: Record<string, string>;
  /** Models to ask for, one for each protocol that it speaks to its provider. */
  models: readonly string[];
  /** The key that its clients have to name, where it asks for one; made up, and no secret. */
  key?: string;
  /** Headers that every request needs. */
  headers?: Record<string, string>;
  /** What its documentation says that it does otherwise, so that it is told and no failure. */
  choices?: readonly DocumentedChoice[];
  /** What it does not offer, or what this configuration leaves out, for readers. */
  notOffered: string;
}

/** Something that a gateway does on purpose, and says so. */
export interface DocumentedChoice {
  /** Ids of checks. */
  checks: readonly string[];
  quote: string;
  /** Where that stands: a file of the package, or a URL. */
  place: string;
}

/** From which public registry a gateway comes, and what is taken from there. */
export type GatewayInstall =
  | {
      by: 'npm';
      packages: readonly string[];
      /** Versions of its dependencies, where the newest do not work. */
      overrides?: Record<string, string>;
      /** Whether its dependencies have to run their install scripts; otherwise none is run. */
      scripts?: true;
    }
  /** The archive of a package alone, without what it depends on. */
  | { by: 'npm-archive'; package: string }
  | { by: 'pypi'; requirements: readonly string[] }
  /** A subcommand of the Codex binary. */
  | { by: 'codex' }
  /** A program of the user's, given with `--bin`; `hint` tells where it can be had. */
  | { by: 'user'; hint: string };

const FOLDER = new URL('../../../fixtures/gateways/', import.meta.url);

/** Names that `--gateway` takes, sorted. */
export async function gatewayNames(): Promise<string[]> {
  const files = await readdir(fileURLToPath(FOLDER));
  return files.flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : [])).sort();
}

/** The description of a gateway. @throws TapedeckError `usage` for a name that there is none of */
export async function readDescription(name: string): Promise<GatewayDescription> {
  const names = await gatewayNames();
  if (!names.includes(name)) {
    throw new TapedeckError('usage', `There is no description of a gateway named ${JSON.stringify(name)}.`, {
      hint: `These are known: ${names.join(', ')}. Any other one is started with --launch COMMAND.`,
    });
  }
  return JSON.parse(await readFile(new URL(`${name}.json`, FOLDER), 'utf8')) as GatewayDescription;
}
