import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TapedeckError } from '../errors.ts';
import { parseMatchRules } from '../replay/match-rules.ts';
import type { MatchRules } from '../replay/request.ts';
import type { Io } from './io.ts';

const FILE = 'tapedeck.rules.json';

/** What people write in its place, which must not be passed over in silence. */
const OTHERS = ['tapedeck.rules.yaml', 'tapedeck.rules.yml'];

/**
 * The user's own field rules, from the working directory; none where there is no such file.
 * @throws TapedeckError `input-invalid`, `usage`
 */
export async function readMatchRules({ cwd }: Pick<Io, 'cwd'>): Promise<{ rules?: MatchRules }> {
  const text = await readIfThere(join(cwd, FILE));
  if (text !== undefined) return { rules: parseMatchRules(text, FILE) };
  for (const other of OTHERS) {
    const isThere = await access(join(cwd, other)).then(
      () => true,
      () => false,
    );
    if (isThere) throw new TapedeckError('usage', `${other} is not read.`, { hint: `Write it as JSON: ${FILE}.` });
  }
  return {};
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new TapedeckError('input-invalid', `${FILE} cannot be read: ${message}`, { cause: error });
  }
}
