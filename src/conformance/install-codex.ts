import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TapedeckError } from '../errors.ts';
import { runProcess } from './codex.ts';

/** Downloads are about 100 MB; a slow line gets ten minutes. */
const INSTALL_TIMEOUT_MS = 600_000;

/** The folder that binaries are kept in: `$TAPEDECK_CACHE/codex`, else `~/.cache/tapedeck/codex`. */
export function codexCache(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.TAPEDECK_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tapedeck'), 'codex');
}

/** Name of the environment variable that names a binary of a version: `TAPEDECK_CODEX_0_169_0`. */
export function codexVariable(version: string): string {
  return `TAPEDECK_CODEX_${version.replace(/\W/g, '_')}`;
}

/**
 * Path of the Codex binary of a version: the one that the environment names, else one from the cache, where it is put by
 * `npm pack` first if it is missing. Throws `usage` for a platform without a package, `command-not-found` for a path that is
 * wrong, and `input-invalid` when the package cannot be had.
 */
export async function codexBinary(version: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const named = env[codexVariable(version)];
  if (named) {
    if (await isExecutable(named)) return named;
    throw new TapedeckError('command-not-found', `${codexVariable(version)} names ${named}, which cannot be run.`);
  }
  const folder = join(codexCache(env), version);
  return (await findBinary(folder)) ?? (await install(version, folder, env));
}

/** The version part of the npm package for this platform: `0.169.0-linux-x64`. */
export function packageVersion(version: string, platform: string, arch: string): string {
  const known = ['linux', 'darwin', 'win32'].includes(platform) && ['x64', 'arm64'].includes(arch);
  if (!known || !/^\d+\.\d+\.\d+$/.test(version))
    throw new TapedeckError('usage', `There is no package of Codex ${version} for ${platform}-${arch}.`, {
      hint: `Set ${codexVariable(version)} to the path of a binary.`,
    });
  return `${version}-${platform}-${arch}`;
}

/** Unpacks beside the place and renames, so that two at once do not meet and a broken download leaves nothing. */
async function install(version: string, folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const name = `@openai/codex@${packageVersion(version, process.platform, process.arch)}`;
  await mkdir(codexCache(env), { recursive: true });
  const temporary = await mkdtemp(join(codexCache(env), `.${version}-`));
  try {
    await runOrFail('npm', ['pack', name, '--silent', '--pack-destination', temporary], temporary, env);
    const archive = (await readdir(temporary)).find((file) => file.endsWith('.tgz'));
    if (!archive) throw new TapedeckError('input-invalid', `npm pack ${name} left no archive.`);
    await runOrFail('tar', ['-xzf', archive], temporary, env);
    await rm(join(temporary, archive));
    if (!(await findBinary(temporary))) throw new TapedeckError('input-invalid', `${name} holds no binary.`);
    // Another process may have been faster; its copy is as good.
    await rename(temporary, folder).catch(async (cause: unknown) => {
      if (!(await findBinary(folder))) throw cause;
    });
    return (await findBinary(folder)) ?? '';
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function runOrFail(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const defined = Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  const result = await runProcess(command, args, { cwd, env: defined, timeoutMs: INSTALL_TIMEOUT_MS });
  if (result.code === 0) return;
  const said = result.stderr.trim().split('\n').slice(-3).join(' ');
  throw new TapedeckError('input-invalid', `\`${command} ${args.join(' ')}\` ended with ${result.code}: ${said}`);
}

/** `vendor/<triple>/codex/codex` up to about 0.150, `vendor/<triple>/bin/codex` after it. */
async function findBinary(folder: string): Promise<string | undefined> {
  const vendor = join(folder, 'package', 'vendor');
  const file = process.platform === 'win32' ? 'codex.exe' : 'codex';
  for (const triple of await readdir(vendor).catch(() => []))
    for (const place of ['bin', 'codex']) {
      const path = join(vendor, triple, place, file);
      if (await isExecutable(path)) return path;
    }
  return undefined;
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** As a script: installs the versions named as arguments and prints where each one is. */
if (process.argv[1]?.endsWith('install-codex.ts'))
  for (const version of process.argv.slice(2)) console.log(`${version}\t${await codexBinary(version)}`);
