import { look } from '../../cassette/journal.ts';
import { expectedPath } from '../../replay/suite/expected.ts';
import type { SuiteInput } from '../../replay/suite.ts';
import { type Io, remark } from '../io.ts';
import { shortPath } from '../short-path.ts';

/** Remembers the expected results of the cassettes; the function that it gives says which of them `--update` has written or removed. */
export async function watchExpected(inputs: readonly SuiteInput[], io: Io): Promise<() => Promise<void>> {
  const paths = inputs.map(({ path }) => expectedPath(path));
  const before = await Promise.all(paths.map(look));
  return async () => {
    const after = await Promise.all(paths.map(look));
    for (const [at, path] of paths.entries()) {
      const [old, now] = [before[at], after[at]];
      if (old && !now) remark(io, `removed  ${shortPath(path, io)}: what is recorded is what is expected`);
      else if (now && now.modifiedAt !== old?.modifiedAt) remark(io, `written  ${shortPath(path, io)}`);
    }
  };
}
