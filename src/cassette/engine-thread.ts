import { parentPort, workerData } from 'node:worker_threads';
import { JournalEngine } from './engine.ts';
import type { EngineSetup, FromThread, ToThread } from './engine-host.ts';
import { openJournalToAppend } from './journal.ts';
import { createRedactor } from './redact.ts';

/** The thread that writes a recording, started by `engine-host.ts`: one engine, told what to do by messages. */

const port = parentPort!;
const setup = workerData as EngineSetup;

function tell(message: FromThread): void {
  port.postMessage(message);
}

const redactor = createRedactor({ patterns: setup.redactPatterns });
redactor.url(setup.upstreamUrl);
const file = await openJournalToAppend(setup.place.part);
const engine = new JournalEngine(setup.place, file, redactor, (message) => tell({ did: 'fail', message }));

port.on('message', async (message: ToThread) => {
  if (message.do === 'play') {
    await engine.play(message.tape, message.all);
    tell({ did: 'play', n: message.n, waitingBytes: engine.waitingBytes });
  } else if (message.do === 'finish') tell({ did: 'finish', summary: await engine.finish() });
  else {
    await engine.discard();
    tell({ did: 'discard' });
  }
});
tell({ did: 'start' });
