import { parentPort, workerData } from 'node:worker_threads';
import { TapedeckError } from '../../errors.ts';
import { guardNetwork } from '../polly/offline.ts';
import { type WorkerJob, type WorkerMessage, workOn } from '../suite.ts';

/** A thread of `runSuite`: judges cassettes until there are no more, without the network, and says what became of each. */
const tell = (message: WorkerMessage) => parentPort?.postMessage(message);

// What is denied in one thread another does not see.
const guard = guardNetwork();
try {
  await workOn(workerData as WorkerJob, (result) => tell({ result }));
  tell({ denied: guard.denied.length });
} catch (error) {
  if (!(error instanceof TapedeckError)) throw error;
  // An error loses its class on the way from thread to thread.
  const { code, message, hint } = error;
  tell({ error: { code, message, ...(hint === undefined ? {} : { hint }) } });
}
