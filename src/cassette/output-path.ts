import { listFolder, look } from './journal.ts';
import { outputError } from './output-error.ts';
import { CASSETTE_FOLDER, pathIn } from './store.ts';

/**
 * The file that a recording goes to. `output` is a file, a folder (an existing one, or a path that ends with a slash), or
 * undefined for the folder `cassettes`; in a folder the file is named `<YYYY-MM-DD>-<n>.har` by local date, `n` counting from 1.
 * @throws TapedeckError `output-exists` for a file that exists, unless `force`
 */
export async function chooseCassettePath(
  output: string | undefined,
  cwd: string,
  now: Date,
  force = false,
): Promise<string> {
  const path = pathIn(cwd, output ?? CASSETTE_FOLDER);
  const found = await look(path);
  if (output === undefined || found?.folder || /[\\/]$/.test(output)) return nextIn(path, now);
  if (found && !force) throw outputError(path, Object.assign(new Error('it exists'), { code: 'EEXIST' }));
  return path;
}

/** The next file beside a cassette that new recordings go to: `NAME.new-<n>.har`, `n` counting from 1. */
export async function newRecordingPath(cassette: string): Promise<string> {
  const stem = cassette.replace(/\.har$/i, '');
  for (let n = 1; ; n++) {
    const path = `${stem}.new-${n}.har`;
    if (!(await look(path))) return path;
  }
}

async function nextIn(folder: string, now: Date): Promise<string> {
  const date = [now.getFullYear(), pad(now.getMonth() + 1), pad(now.getDate())].join('-');
  const taken = new RegExp(`^${date}-(\\d+)\\.har(?:\\.part)?$`);
  let highest = 0;
  await listFolder(folder, (name) => {
    highest = Math.max(highest, Number(taken.exec(name)?.[1] ?? 0));
    return false;
  });
  return pathIn(folder, `${date}-${highest + 1}.har`);
}

function pad(part: number): string {
  return String(part).padStart(2, '0');
}
