import type { RawHeaders } from './types.ts';

/** Fields that belong to one connection: RFC 9110 section 7.6.1, and the older ones that clients still send. */
const CONNECTION_FIELDS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Copies headers without those of the connection they came over: the fields of RFC 9110 section 7.6.1, every field that
 * `Connection` names, and those in `alsoDrop` (lower case). Order, case and duplicates are kept.
 */
export function dropHopByHop(headers: RawHeaders, alsoDrop?: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  let named: Set<string> | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    if (name === 'connection') named = addOptions(named, headers[i + 1] as string);
    if (CONNECTION_FIELDS.has(name) || alsoDrop?.has(name)) continue;
    kept.push(headers[i] as string, headers[i + 1] as string);
  }
  // What is named may stand before the field that names it.
  return named ? dropNamed(kept, named) : kept;
}

/** Copies headers without those of a WebSocket handshake: each hop has its own (RFC 6455 section 11.3). */
export function dropHandshake(headers: RawHeaders): string[] {
  return headers.filter((_, i) => !(headers[i - (i % 2)] as string).toLowerCase().startsWith('sec-websocket-'));
}

/** The subprotocols that `Sec-WebSocket-Protocol` offers, in the client's order. */
export function offeredProtocols(value: string | undefined): string[] {
  return (value ?? '').split(',').flatMap((name) => name.trim() || []);
}

/** Adds the options of a `Connection` field that are names of fields which are not dropped anyway. */
function addOptions(named: Set<string> | undefined, value: string): Set<string> | undefined {
  let options = named;
  for (const option of value.split(',')) {
    const name = option.trim().toLowerCase();
    if (CONNECTION_FIELDS.has(name)) continue;
    options ??= new Set();
    options.add(name);
  }
  return options;
}

function dropNamed(headers: RawHeaders, names: ReadonlySet<string>): string[] {
  return headers.filter((_, i) => !names.has((headers[i - (i % 2)] as string).toLowerCase()));
}
