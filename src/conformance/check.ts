import type { Protocol } from '../util/types.ts';
import type { Trial } from './harness/trial.ts';

/** `must`: a client breaks, or a specification says MUST. `should`: it loses something. `info`: worth knowing, and never counted. */
export type Level = 'must' | 'should' | 'info';

/** Whom a requirement matters to. */
export type ConformanceProfile = 'codex' | 'open-responses' | 'openai' | 'anthropic';

/**
 * How Codex is told of a gateway, on which depends what it asks of it. `custom`: a provider of the user's own, with a key. `built-in`: Codex's
 * own provider at another base URL, with an API key; it asks for a WebSocket first, and compacts at the provider. `chatgpt`: the same with a
 * ChatGPT login; its bodies are coded with zstd, and it asks for models.
 */
export type CodexSetup = 'custom' | 'built-in' | 'chatgpt';

/** A provider named "OpenAI" is treated as the built-in one is, but for the WebSocket. */
export const OWN_PROVIDER: readonly CodexSetup[] = ['built-in', 'chatgpt'];

export type Area =
  | 'wire'
  | 'zstd'
  | 'responses'
  | 'chat'
  | 'messages'
  | 'translate'
  | 'codex'
  | 'errors'
  | 'security'
  | 'cache';

/**
 * What became of a check. Only `pass` is a pass: `unsupported` is a feature that the gateway says it does not have, `inconclusive` an
 * answer that proves nothing, `error` a check that could not do its work.
 */
export type Verdict = 'pass' | 'fail' | 'warn' | 'unsupported' | 'inconclusive' | 'not-applicable' | 'error';

/** One requirement on a gateway, and how it is tried. */
export interface Check {
  /** `AREA.TOPIC.RULE`, e.g. `zstd.body.no-content-size`; never used again for something else. */
  id: string;
  /** Grows whenever the check judges differently, so that a baseline can tell a changed gateway from a changed check. */
  revision: number;
  /** What is asked, in one sentence. */
  requirement: string;
  /** Where that comes from: a specification's section, a measured client version, a provider's documentation. */
  source: string;
  level: Level;
  profiles: readonly ConformanceProfile[];
  /** Of Codex, these setups alone ask for it; absent: every one does. */
  codex?: readonly CodexSetup[];
  /**
   * `gateway`: neither model nor provider. `model`: any model that answers. `upstream`: the scripted upstream behind the gateway.
   */
  needs: 'gateway' | 'model' | 'upstream';
  /** Tried once for every route whose client speaks one of these; absent: once for the gateway. */
  clients?: readonly Protocol[];
  /** Only on routes whose provider speaks one of these. */
  upstreams?: readonly Protocol[];
  /** Only on routes where client and provider speak the same, or not the same, protocol. */
  pair?: 'same' | 'translated';
  /**
   * Tried last, with nothing else going on. `provokes`: it makes the provider fail, which a gateway may remember. `unmarked`: its
   * requests cannot carry the marker that says whose they are.
   */
  alone?: 'provokes' | 'unmarked';
  /** `false`: nothing of it is to reach the upstream. Otherwise a check of which nothing did proves nothing. */
  reaches?: false;
  /** Makes its own timeout this many times longer: for bodies of many megabytes. */
  patience?: number;
  /** The real client that it runs, with its version: `Codex 0.169.0`. Several checks may differ in this alone. */
  client?: string;
  run(trial: Trial): Promise<void>;
}

/** Clients of every protocol. */
export const EVERY_CLIENT: readonly Protocol[] = ['responses', 'chat', 'messages'];

/** The first part of a check's id. */
export function areaOf({ id }: Pick<Check, 'id'>): Area {
  return id.slice(0, id.indexOf('.')) as Area;
}

/** A way through the gateway: what the client speaks, the model it names, and what the gateway then speaks to its provider. */
export interface Route {
  client: Protocol;
  model: string;
  /** Undefined where nobody knows: in live runs, and for what needs no provider. */
  upstream?: Protocol;
}

/** `responses->chat`, or `responses` where the provider's protocol is not known. */
export function nameOfRoute({ client, upstream }: Pick<Route, 'client' | 'upstream'>): string {
  return upstream === undefined ? client : `${client}->${upstream}`;
}

/** Whether a check says anything about a route. */
export function appliesTo(check: Check, route: Route): boolean {
  if (!check.clients?.includes(route.client)) return false;
  if (check.upstreams && (route.upstream === undefined || !check.upstreams.includes(route.upstream))) return false;
  if (check.pair === undefined) return true;
  if (route.upstream === undefined) return false;
  return (route.client === route.upstream) === (check.pair === 'same');
}
