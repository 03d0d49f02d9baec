import type { Check, Route } from '../../../src/conformance/check.ts';
import { type Provider, runConformance, startProvider } from '../../../src/conformance/run.ts';
import { startProxy } from '../../../src/proxy/server.ts';
import type { CheckResult } from '../../../src/report/conformance/model.ts';
import type { Protocol } from '../../../src/util/types.ts';
import { type Hooks, startHop } from './hop.ts';

/** A gateway that is right but for one thing. */
export interface Defect {
  id: string;
  /** What is wrong with it, in a few words. */
  what: string;
  /** Where such a thing was seen. */
  seen: string;
  /** What the gateway speaks to its provider: the same as the client, or always this. */
  upstream?: Protocol;
  /** The check that must catch it, and the client on whose route. */
  caughtBy: string;
  client?: Route['client'];
  /** Between the client and the gateway. */
  front?: Hooks;
  /** Between the gateway and its provider. */
  back?: Hooks;
}

export const CLIENT_KEY = ['made-up', 'client', 'key'].join('-');
export const PROVIDER_KEY = ['made-up', 'provider', 'key'].join('-');

/** What of the gateway's own makeup differs from that of the right one. */
export interface Build {
  upstream?: Protocol | undefined;
  front?: Hooks | undefined;
  back?: Hooks | undefined;
  /** The front hop is all that there is between client and provider. */
  bare?: true;
}

/** Runs checks against our own proxy between two hops. @param timeoutMs what a defect costs that makes the gateway wait for ever, some times over */
export async function runAgainst(build: Build, checks: readonly Check[], timeoutMs: number): Promise<CheckResult[]> {
  const provider: Provider = await startProvider({ strict: true });
  const back = build.back && (await startHop(provider.upstream.url, build.back));
  const proxy = await startProxy({
    upstream: back?.url ?? provider.upstream.url,
    clientKey: CLIENT_KEY,
    upstreamKey: PROVIDER_KEY,
    ...(build.upstream ? { translation: { protocol: build.upstream } } : {}),
  });
  const front = build.front && (await startHop(build.bare ? provider.upstream.url : proxy.url, build.front));
  try {
    const { results } = await runConformance({
      url: front?.url ?? proxy.url,
      mode: 'hermetic',
      checks,
      provider,
      key: CLIENT_KEY,
      timeoutMs,
      concurrency: 8,
      options: { models: ['gpt-5.5'], strictness: 'on', level: 'all', profiles: [], seed: 'defects' },
    });
    return results;
  } finally {
    await front?.close();
    await proxy.close(0);
    await back?.close();
    await provider.upstream.close();
  }
}
