import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TapedeckError } from '../../errors.ts';
import { binaryCache, runOrFail } from '../install-package.ts';

/** A package of a registry, as `npm install` names it. */
export interface SdkPackage {
  /** `openai`, `@anthropic-ai/sdk`. */
  name: string;
  /** `x.y.z`. */
  version: string;
}

/**
 * The default export of an SDK, which is the class of its client: from where Tapedeck itself is installed, if that very version is there,
 * else from the cache, where it is put by `npm install` first if it is missing.
 * @throws TapedeckError `input-invalid` when the package cannot be had
 */
export async function loadSdk(sdk: SdkPackage, env: NodeJS.ProcessEnv = process.env): Promise<unknown> {
  const folder = join(binaryCache(env), 'sdk', `${sdk.name.replace(/\W+/g, '-').replace(/^-/, '')}-${sdk.version}`);
  const path = findModule(import.meta.filename, sdk) ?? findModule(join(folder, 'index.js'), sdk);
  return importClass(path ?? (await install(sdk, folder, env)));
}

/** Where the module begins, as seen from a file; undefined when another version is there, or none. */
function findModule(from: string, { name, version }: SdkPackage): string | undefined {
  const require = createRequire(from);
  // Not every package exports its package.json, so it is read where modules are looked for.
  const found = (require.resolve.paths(name) ?? []).map((folder) => versionOf(join(folder, name))).find(Boolean);
  return found === version ? require.resolve(name) : undefined;
}

function versionOf(folder: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

/** It is installed beside its place and renamed, so that two at once do not meet and a broken download leaves nothing. */
async function install(sdk: SdkPackage, folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const temporary = await mkdtemp(join(parent, `.${basename(folder)}-`));
  const spec = `${sdk.name}@${sdk.version}`;
  try {
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
    await runOrFail('npm', ['install', '--prefix', temporary, ...flags, spec], temporary, env);
    // Another process may have been faster; its copy is as good.
    await rename(temporary, folder).catch((cause: unknown) => {
      if (findModule(join(folder, 'index.js'), sdk) === undefined) throw cause;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  const path = findModule(join(folder, 'index.js'), sdk);
  if (path === undefined) throw new TapedeckError('input-invalid', `npm install ${spec} left no such module.`);
  return path;
}

/** Modules of CommonJS have their default export once more within it. */
async function importClass(path: string): Promise<unknown> {
  const loaded = (await import(pathToFileURL(path).href)) as { default: unknown };
  const { default: inner } = loaded.default as { default?: unknown };
  return inner ?? loaded.default;
}
