import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`../../../src/${path}`, import.meta.url));

/** Runs the example project against the source in the place of the package. */
export default defineConfig({
  cacheDir: fileURLToPath(new URL('../../../node_modules/.vite/example', import.meta.url)),
  resolve: {
    alias: {
      'codex-tapedeck/vitest': source('replay/vitest/use-cassette.ts'),
      'codex-tapedeck/translate': source('proxy/translated/document.ts'),
    },
  },
});
