import { type RunningProxy, startProxy } from '../../proxy/server.ts';
import type { Check, Route } from '../check.ts';
import { type Ground, type Tried, tryCheck } from './try-check.ts';

/** Our own proxy as the gateway that is known to work. */
export interface Control {
  /** The same check, against our own proxy in front of the same scripted upstream. */
  try(check: Check, route: Route): Promise<Tried>;
  close(): Promise<void>;
}

/** What our own proxy shows the scripted upstream, which takes any key. */
const PROVIDER_KEY = ['tapedeck', 'control', 'key'].join('-');

/** @param upstream base URL of the scripted upstream */
export function createControl(upstream: string, ground: Ground): Control {
  const proxies = new Map<string, Promise<RunningProxy>>();
  let attempt = 0;
  const proxyFor = (route: Route): Promise<RunningProxy> => {
    const protocol = route.upstream ?? route.client;
    const key = protocol === route.client ? 'pass' : protocol;
    let proxy = proxies.get(key);
    if (!proxy) {
      proxy = startProxy({
        upstream,
        ...(ground.key === undefined ? {} : { clientKey: ground.key, upstreamKey: PROVIDER_KEY }),
        ...(key === 'pass' ? {} : { translation: { protocol } }),
      });
      proxies.set(key, proxy);
    }
    return proxy;
  };
  return {
    async try(check, route) {
      const { url } = await proxyFor(route);
      const own = { ...ground, name: 'control', baseUrl: url, extraHeaders: {} };
      return tryCheck(check, route, own, { attempt: ++attempt, alone: true });
    },
    async close() {
      await Promise.all([...proxies.values()].map(async (proxy) => (await proxy).close(0)));
    },
  };
}
