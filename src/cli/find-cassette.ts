import { findCassette, type OnRecovered } from '../cassette/store.ts';
import { formatCount } from '../report/format.ts';
import { type Io, remark } from './io.ts';
import { shortPath } from './short-path.ts';

/** The cassette that the command line names, as `findCassette` finds it; on stderr which killed recordings were recovered for it. */
export function findNamed(name: string | undefined, io: Io): Promise<string> {
  return findCassette(name, io.cwd, tellRecovered(io));
}

/** Says on stderr that a killed recording became a cassette. */
export function tellRecovered(io: Io): OnRecovered {
  return (path, exchanges) => {
    const what = `${shortPath(path, io)} of a recording that was killed: ${formatCount(exchanges, 'exchange')}`;
    remark(io, `${io.errorColour.yellow('recovered')}  ${what}`);
  };
}
