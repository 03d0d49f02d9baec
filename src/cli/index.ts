#!/usr/bin/env node
import module from 'node:module';

// From Node.js 22.8 on: what V8 made of our code is kept beside other temporary files, and the next command starts in half of the time.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
// What is imported before is not kept.
const [{ processIo }, { guardOutput }, { run }] = await Promise.all([
  import('./io.ts'),
  import('./output-guard.ts'),
  import('./main.ts'),
]);

const argv = process.argv.slice(2);
guardOutput(argv.indexOf('--') >= 0 && argv.at(-1) !== '--');
process.exitCode = await run(argv, processIo());
