import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { TapedeckError } from '../../errors.ts';
import type { GatewayBaseline } from './baseline.ts';

const FOLDER = new URL('../../../fixtures/gateways/baselines/', import.meta.url);

/** Whether a JSON document is a baseline in its small form. */
export function isGatewayBaseline(document: unknown): document is GatewayBaseline {
  const { name, version, tool, routes, checks, seen } = (document ?? {}) as Partial<Record<string, unknown>>;
  return (
    [name, version, tool].every((text) => typeof text === 'string') &&
    [routes, seen].every((list) => Array.isArray(list)) &&
    typeof checks === 'object' &&
    checks !== null &&
    Object.values(checks).every((check) => typeof check?.results === 'object' && typeof check.revision === 'number')
  );
}

/**
 * What this version of a gateway, or else the newest one that there is a baseline of, was found to do when Tapedeck was released.
 * @param name as `--gateway` takes it
 * @throws TapedeckError `usage` where there is none
 */
export async function readShippedBaseline(name: string, version: string): Promise<GatewayBaseline> {
  const files = await readdir(fileURLToPath(FOLDER)).catch(() => []);
  const all = await Promise.all(
    files.filter((file) => file.startsWith(`${name}-`)).map(async (file) => readBaseline(file)),
  );
  const own = all.filter((baseline) => baseline.name === name).sort((a, b) => (a.date < b.date ? 1 : -1));
  const found = own.find((baseline) => baseline.version === version) ?? own[0];
  if (found) return found;
  throw new TapedeckError('usage', `No baseline of ${name} is shipped.`, {
    hint: 'Keep one of your own with `--reporter json=FILE`, and give it with `--baseline FILE`.',
  });
}

async function readBaseline(file: string): Promise<GatewayBaseline> {
  return JSON.parse(await readFile(new URL(file, FOLDER), 'utf8')) as GatewayBaseline;
}
