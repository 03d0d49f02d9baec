import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf } from '../helpers/source-text.ts';

/** Files and packages that are loaded with a file: what it imports, and what that does. */
function loadedWith(entry: string): Set<string> {
  const loaded = new Set<string>();
  const load = (path: string) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    if (!path.startsWith('src/')) return;
    for (const { specifier, typeOnly, names } of importsOf(readFileSync(path, 'utf8'))) {
      // Without names it is a dynamic import, which waits until it is needed.
      if (!typeOnly && names.length > 0)
        load(specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier);
    }
  };
  load(entry);
  return loaded;
}

describe('what `replay` loads before it begins', () => {
  const loaded = loadedWith('src/cli/replay.ts');

  it('is the suite with its proxy', () => {
    expect([...loaded]).toEqual(expect.arrayContaining(['src/replay/suite/proxy/host.ts', 'src/proxy/carry.ts']));
  });

  it.each([
    ['undici, which nothing offline needs', 'undici'],
    ['WebSockets', 'ws'],
    ['the recorder', 'src/cassette/recorder.ts'],
    ['translators, which most cassettes do not need', 'src/translate/hops.ts'],
    ['Polly by `import`, which reads it twice', '@pollyjs/core'],
    ['what holds a live gateway against a cassette', 'src/replay/against.ts'],
  ])('is not %s', (_, module) => {
    expect(loaded).not.toContain(module);
  });
});
