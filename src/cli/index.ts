#!/usr/bin/env node
import { processIo } from './io.ts';
import { run } from './main.ts';

// A reader that has seen enough (`| head`) is no failure of ours; what is left is written to nobody.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await run(process.argv.slice(2), processIo());
