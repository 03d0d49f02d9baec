import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { TapedeckError } from '../errors.ts';
import { runProcess } from './codex.ts';

/** Downloads are 100 to 200 MB; a slow line gets ten minutes. */
const INSTALL_TIMEOUT_MS = 600_000;

/** The folder that clients' binaries are kept in: `$TAPEDECK_CACHE`, else `~/.cache/tapedeck`. */
export function binaryCache(env: NodeJS.ProcessEnv = process.env): string {
  return env.TAPEDECK_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tapedeck');
}

export interface BinaryPackage {
  /** As npm takes it: `@openai/codex@0.169.0-linux-x64`. */
  spec: string;
  /** Where it is unpacked to. */
  folder: string;
  /** Path of the binary below a folder like that one. */
  findBinary(folder: string): Promise<string | undefined>;
}

/**
 * Fetches a package with `npm pack` and returns the path of its binary. It is unpacked beside its place and renamed, so that two at once do
 * not meet and a broken download leaves nothing. Throws `input-invalid` when the package cannot be had.
 */
export async function installPackage(
  { spec, folder, findBinary }: BinaryPackage,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const temporary = await mkdtemp(join(parent, `.${basename(folder)}-`));
  try {
    await runOrFail('npm', ['pack', spec, '--silent', '--pack-destination', temporary], temporary, env);
    const archive = (await readdir(temporary)).find((file) => file.endsWith('.tgz'));
    if (!archive) throw new TapedeckError('input-invalid', `npm pack ${spec} left no archive.`);
    await runOrFail('tar', ['-xzf', archive], temporary, env);
    await rm(join(temporary, archive));
    if (!(await findBinary(temporary))) throw new TapedeckError('input-invalid', `${spec} holds no binary.`);
    // Another process may have been faster; its copy is as good.
    await rename(temporary, folder).catch(async (cause: unknown) => {
      if (!(await findBinary(folder))) throw cause;
    });
    return (await findBinary(folder)) ?? '';
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Runs what installs something to its end. Throws `input-invalid` with the end of what it said. */
export async function runOrFail(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const defined = Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  const result = await runProcess(command, args, { cwd, env: defined, timeoutMs: INSTALL_TIMEOUT_MS });
  if (result.code === 0) return;
  const said = result.stderr.trim().split('\n').slice(-3).join(' ');
  throw new TapedeckError('input-invalid', `\`${command} ${args.join(' ')}\` ended with ${result.code}: ${said}`);
}

export function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
