import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { run } from '../../../src/cli/main.ts';
import type { ConformanceReport } from '../../../src/report/conformance/model.ts';
import { captureIo } from '../../helpers/capture-io.ts';

const MISLABELLING = fileURLToPath(new URL('../../helpers/mislabelling-gateway.mjs', import.meta.url));

/** Command line of a gateway that calls streams plain text. */
export const MISLABELLING_GATEWAY = `"${process.execPath}" "${MISLABELLING}" {port} {upstream}`;

/** What it does wrong. */
export const LABEL_CHECK = 'wire.stream.content-type';

/** Runs `tapedeck conformance` in this process. */
export async function conformance(
  args: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<{ code: number; out: string; err: string; report(): ConformanceReport }> {
  const io = captureIo({ cwd, env });
  const code = await run(['conformance', ...args], io);
  return { code, out: io.out(), err: io.err(), report: () => JSON.parse(io.out()) };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
