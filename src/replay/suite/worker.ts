import { parentPort, workerData } from 'node:worker_threads';
import { TapedeckError } from '../../errors.ts';
import { type WorkerJob, type WorkerMessage, workOn } from '../suite.ts';

/** A thread of `runSuite`: judges cassettes until there are no more, and says what became of each. */
const tell = (message: WorkerMessage) => parentPort?.postMessage(message);

try {
  await workOn(workerData as WorkerJob, (result) => tell({ result }));
} catch (error) {
  if (!(error instanceof TapedeckError)) throw error;
  // An error loses its class on the way from thread to thread.
  const { code, message, hint } = error;
  tell({ error: { code, message, ...(hint === undefined ? {} : { hint }) } });
}
