import { type BaseUrl, upstreamUrl } from '../route/base-url.ts';
import { classify, type EndpointClass } from '../route/endpoints.ts';

/** What a request line says: what is asked for, and where it goes. */
export interface Route extends EndpointClass {
  upstream: { origin: string; path: string };
}

export type Router = (method: string, target: string) => Route;

/** Request lines remembered: clients have a handful; what carries ids in its path must not fill the memory. */
const REMEMBERED = 64;

/** Reads request lines for one upstream. Every client sends the same few again and again, so each is worked out once. */
export function createRouter(base: BaseUrl): Router {
  const known = new Map<string, Route>();
  return (method, target) => {
    const line = `${method} ${target}`;
    let route = known.get(line);
    if (!route) {
      route = { ...classify(method, target), upstream: upstreamUrl(base, target) };
      if (known.size < REMEMBERED) known.set(line, route);
    }
    return route;
  };
}
