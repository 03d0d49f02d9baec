import { TapedeckError } from '../../errors.ts';
import { type BaseUrl, upstreamUrl } from '../../route/base-url.ts';
import type { Endpoint } from '../../route/endpoints.ts';
import { createModelMap, type ModelMap } from '../../route/models.ts';
import { createResponseMemory } from '../../state/responses.ts';
import { withCompaction } from '../../translate/compaction.ts';
import { type Dialect, findDialect, guessDialect } from '../../translate/dialects.ts';
import { withMemory } from '../../translate/memory.ts';
import type { Hop } from '../../translate/types.ts';
import type { Protocol } from '../../util/types.ts';

/** What a user says of the provider. */
export interface TranslationOptions {
  protocol: Protocol | 'auto';
  /** `FROM=TO` rules for the names of models. */
  map?: readonly string[];
  /** Name of the provider's table; guessed from its URL when absent. */
  dialect?: string;
  onLoss?: 'ignore' | 'warn' | 'reject';
  /** Told once, when `auto` has found out what the provider speaks. */
  onFound?(protocol: Protocol): void;
}

/** How requests are carried to a provider that may speak another protocol than the client. */
export interface Translation {
  models: ModelMap;
  /** There are rules for the names of models. */
  renames: boolean;
  /** Undefined when both are the same. */
  hop(client: Protocol, upstream: Protocol): Hop | undefined;
  /** Where requests of that protocol go. */
  target(protocol: Protocol): { origin: string; path: string };
  /** The provider's table for the protocol that it is spoken to in. */
  dialect(protocol: Protocol): Dialect;
  /** What becomes of a request of which something is lost: nothing, a header of the answer that counts it, or a 400. */
  onLoss: 'ignore' | 'warn' | 'reject';
  protocols: ProtocolChoice;
}

/** Undefined when both are the same. That of translate/hops.ts, which is many files: a replay loads them when it has use for them. */
export type FindHop = (client: Protocol, upstream: Protocol) => Hop | undefined;

/** @throws TapedeckError `usage` for a rule or a dialect that does not exist */
export function createTranslation(base: BaseUrl, options: TranslationOptions, findHop: FindHop): Translation {
  const { protocol, map = [], dialect, onLoss = 'warn', onFound } = options;
  const tables = dialect === undefined ? undefined : dialectsOf(dialect, protocol);
  const memory = createResponseMemory();
  const hops = new Map<string, Hop | undefined>();
  const targets = byProtocol((spoken) => upstreamUrl(base, ENDPOINT_PATHS[spoken]));
  const dialects = byProtocol((spoken) => tables?.get(spoken) ?? guessDialect(base.origin, spoken));
  return {
    models: createModelMap(map),
    renames: map.length > 0,
    onLoss,
    protocols: createProtocolChoice(protocol, onFound),
    target: (spoken) => targets[spoken],
    dialect: (spoken) => dialects[spoken],
    hop(client, upstream) {
      const key = `${client}->${upstream}`;
      if (!hops.has(key)) {
        const hop = findHop(client, upstream);
        hops.set(key, hop && client === 'responses' ? withMemory(withCompaction(hop), memory) : hop);
      }
      return hops.get(key);
    },
  };
}

const PROTOCOLS: readonly Protocol[] = ['responses', 'chat', 'messages'];

/** What is the same for every request is worked out once. */
function byProtocol<T>(make: (protocol: Protocol) => T): Readonly<Record<Protocol, T>> {
  return { responses: make('responses'), chat: make('chat'), messages: make('messages') };
}

function dialectsOf(name: string, protocol: Protocol | 'auto'): Map<Protocol, Dialect> {
  const found = PROTOCOLS.flatMap((one): [Protocol, Dialect][] => {
    const table = protocol === 'auto' || protocol === one ? findDialect(name, one) : undefined;
    return table ? [[one, table]] : [];
  });
  if (found.length > 0) return new Map(found);
  const of = protocol === 'auto' ? '' : ` of ${protocol}`;
  throw new TapedeckError('usage', `There is no dialect ${JSON.stringify(name)}${of}.`, {
    hint: 'docs/translation.md lists them.',
  });
}

/** What the provider is found to speak. */
export interface ProtocolChoice {
  /** Undefined as long as that is not known. */
  known(): Protocol | undefined;
  /** What is left to try for a client of this protocol, the best first. */
  candidates(client: Protocol): readonly Protocol[];
  /** The provider answered a request of this protocol with a success. */
  found(protocol: Protocol): void;
}

/** In this order a provider is asked, once the client's own protocol was refused. */
const ORDER: readonly Protocol[] = ['responses', 'chat', 'messages'];

/** Statuses that say that there is no such endpoint, so that the next protocol is tried. */
export const NO_SUCH_ENDPOINT: ReadonlySet<number> = new Set([404, 405, 501]);

/**
 * @param wanted the protocol that the user named, or `auto`: the client's own is tried first, since it needs no translation,
 * then the others; what has answered with a success is remembered
 * @param onFound told once, when `auto` has found out
 */
export function createProtocolChoice(
  wanted: Protocol | 'auto',
  onFound: (protocol: Protocol) => void = () => {},
): ProtocolChoice {
  let known = wanted === 'auto' ? undefined : wanted;
  return {
    known: () => known,
    candidates: (client) => (known ? [known] : [client, ...ORDER.filter((one) => one !== client)]),
    found(protocol) {
      if (known) return;
      known = protocol;
      onFound(protocol);
    },
  };
}

/** Where a protocol's requests go, below the base path. */
export const ENDPOINT_PATHS: Readonly<Record<Protocol, string>> = {
  responses: '/responses',
  chat: '/chat/completions',
  messages: '/messages',
};

/** Requests that are carried; everything else passes as it is. */
const CARRIED: ReadonlySet<Endpoint> = new Set([
  'responses',
  'responses.compact',
  'chat.completions',
  'messages',
  'messages.count_tokens',
]);

/** Whether a request has to be read, since it may have to become another one. */
export function isCarried(translation: Translation, endpoint: Endpoint, client: Protocol | null): client is Protocol {
  if (client === null || !CARRIED.has(endpoint)) return false;
  return translation.protocols.known() !== client || translation.renames;
}
