import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TapedeckError } from '../errors.ts';
import { binaryCache, installPackage, isExecutable } from './install-package.ts';

/** The folder that binaries are kept in: `$TAPEDECK_CACHE/codex`, else `~/.cache/tapedeck/codex`. */
export function codexCache(env: NodeJS.ProcessEnv = process.env): string {
  return join(binaryCache(env), 'codex');
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
  const found = await findBinary(folder);
  if (found) return found;
  const spec = `@openai/codex@${packageVersion(version, process.platform, process.arch)}`;
  return installPackage({ spec, folder, findBinary }, env);
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

/** As a script: installs the versions named as arguments and prints where each one is. */
if (process.argv[1]?.endsWith('install-codex.ts'))
  for (const version of process.argv.slice(2)) console.log(`${version}\t${await codexBinary(version)}`);
