import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/**
 * undici, loaded when something of it is needed: its errors, or its ways to write a form. It is a hundred files, which take longer to load than a
 * cassette to be judged, and a replay hardly ever needs any. What it gives is what `import` does.
 */
export function undici(): typeof import('undici') {
  return load('undici') as typeof import('undici');
}
