import type { ConformanceReport, RunOptions } from '../../report/conformance/model.ts';
import type { Check } from '../check.ts';
import { runConformance, startProvider } from '../run.ts';
import type { PreparedGateway } from './prepare.ts';

export interface TryOptions {
  checks: readonly Check[];
  /** Folder for the evidence. */
  out: string;
  options: Omit<RunOptions, 'models'>;
  timeoutMs: number;
  concurrency: number;
  onProgress?(done: number, all: number): void;
}

/** Starts a gateway that is installed in front of the scripted upstream, tries the checks, and stops both. Throws as `runConformance` and `launchGateway` do. */
export async function tryPrepared(gateway: PreparedGateway, wanted: TryOptions): Promise<ConformanceReport> {
  const provider = await startProvider({ strict: wanted.options.strictness === 'on' });
  try {
    const running = await gateway.launch(provider.upstream.url);
    try {
      const { name, version, key, models, choices } = gateway;
      const { checks, out, options, timeoutMs, concurrency, onProgress } = wanted;
      return await runConformance({
        url: running.url,
        mode: 'hermetic',
        gateway: { name, version },
        options: { ...options, models: [...models] },
        extraHeaders: running.headers,
        reproduce: (check) => `tapedeck conformance --gateway ${name} --gateway-version ${version} --filter ${check}`,
        ...{ choices, checks, provider, timeoutMs, concurrency, out },
        ...(key === undefined ? {} : { key }),
        ...(onProgress ? { onProgress } : {}),
      });
    } finally {
      await running.stop();
    }
  } finally {
    await provider.upstream.close();
  }
}
