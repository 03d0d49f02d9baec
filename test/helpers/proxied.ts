import { join } from 'node:path';
import { FORMAT_VERSION } from '../../src/cassette/format.ts';
import { createRecorder } from '../../src/cassette/recorder.ts';
import { type ProxyOptions, startProxy } from '../../src/proxy/server.ts';
import { VERSION } from '../../src/util/version.ts';
import { temporaryFolder } from './cassette-files.ts';

/** Records what `use` does against a proxy with these options; the path of the cassette. */
export async function recordProxied(
  options: ProxyOptions,
  use: (url: string) => Promise<unknown>,
  path = join(temporaryFolder(), 'proxied.har'),
): Promise<string> {
  const protocol = options.translation && options.translation.protocol !== 'auto' ? options.translation.protocol : null;
  const recorder = await createRecorder({
    path,
    header: {
      format: FORMAT_VERSION,
      tool: VERSION,
      recordedAt: '2026-01-01T00:00:00.000Z',
      gateway: { name: 'tapedeck', version: VERSION },
      upstream: { url: options.upstream, protocol },
    },
  });
  const proxy = await startProxy({ ...options, recorder });
  await use(proxy.url).finally(() => proxy.close(0));
  await recorder.close();
  return path;
}
