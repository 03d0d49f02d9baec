import { EXIT } from '../errors.ts';
import type { RunningProxy } from '../proxy/server.ts';
import { type Io, remark, sayJson } from './io.ts';
import { runClient } from './run-client.ts';

/** What a serving command needs of whatever it serves. */
export type Served = Pick<RunningProxy, 'url' | 'port' | 'close'> & { active?(): number };

export interface ServeOptions {
  json: boolean;
  /** Command after `--`; empty or absent: serve until a signal. */
  command?: readonly string[];
  codexHome?: string;
}

/**
 * Says where it listens, then serves until the client after `--` ends, or until SIGINT or SIGTERM; a second signal ends
 * the process at once. Resolves with the client's exit code, or 0 for a signal, when nothing is in flight any more.
 * Throws what `runClient` throws.
 */
export async function serve(served: Served, io: Io, options: ServeOptions): Promise<number> {
  const { command } = options;
  const withClient = command !== undefined && command.length > 0;
  // Before the listening line: a script may send its signal as soon as it has read that.
  const signalled = withClient
    ? undefined
    : untilSignal(() => {
        const active = served.active?.() ?? 0;
        if (active > 0) remark(io, `Ending; ${active} in flight. Once more to stop at once.`);
      });
  if (options.json) sayJson(io, { event: 'listening', url: served.url, pid: process.pid });
  remark(io, `tapedeck listening on ${served.url}`);
  if (withClient) {
    try {
      return await runClient({
        command,
        url: served.url,
        port: served.port,
        io,
        codexHome: options.codexHome ?? 'isolated',
        env: io.env,
      });
    } finally {
      await served.close();
    }
  }
  await signalled;
  await served.close();
  return EXIT.ok;
}

function untilSignal(onFirst: () => void): Promise<void> {
  return new Promise((resolve) => {
    let first = true;
    const onSignal = (signal: NodeJS.Signals) => {
      // The journal on disk survives this; the next command that sees it recovers it.
      if (!first) process.exit(signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated);
      first = false;
      onFirst();
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
