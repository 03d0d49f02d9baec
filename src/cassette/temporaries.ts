import { listFolder, look, machineMark, processExists, removeFile, splitPath } from './journal.ts';
import { RECORDING_LIMITS } from './limits.ts';

/** Behind the name that the file is to get: process, number, machine. */
const TEMPORARY = /^\.(\d+)-\d+-([0-9a-f]{8})\.tmp$/;

/**
 * Removes what processes that were killed had written of this file. Where a process cannot be asked for, since it ran on another
 * machine, the file's age decides.
 * @param now unix milliseconds
 */
export async function removeHalfWritten(path: string, now: number): Promise<void> {
  const { folder, name } = splitPath(path);
  const here = await machineMark();
  const isOurs = (other: string) => other.startsWith(name) && TEMPORARY.test(other.slice(name.length));
  for (const temporary of await listFolder(folder, isOurs)) {
    const [, pid, machine] = TEMPORARY.exec(splitPath(temporary).name.slice(name.length))!;
    const found = await look(temporary);
    const isSilent = found !== undefined && now - found.modifiedAt > RECORDING_LIMITS.silentMs;
    if (machine === here ? !processExists(Number(pid)) : isSilent) await removeFile(temporary);
  }
}
