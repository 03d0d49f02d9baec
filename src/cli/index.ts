#!/usr/bin/env node
import module from 'node:module';

// From Node.js 22.8 on: what V8 made of our code is kept beside other temporary files, and the next command starts in half of the time.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
// What is imported before is not kept.
const [{ processIo }, { run }] = await Promise.all([import('./io.ts'), import('./main.ts')]);

// A reader that has seen enough (`| head`) is no failure of ours; what is left is written to nobody.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await run(process.argv.slice(2), processIo());
