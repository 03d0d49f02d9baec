import { errorText } from '../protocols/errors.ts';
import type { Protocol } from '../util/types.ts';
import { showPair } from './difference.ts';
import type { Miss } from './match.ts';

/**
 * 400 is the one status that every measured Codex (0.113.0 to 0.169.0) and the OpenAI and Anthropic SDKs take as final:
 * one request, and Codex prints the body.
 */
export const MISS_STATUS = 400;

/** One paragraph for people: what was asked for, which recording is closest, and where it differs first. */
export function missText(miss: Miss): string {
  const asked = `${miss.method} ${miss.target}`;
  if (miss.reason === 'exhausted') {
    const times = miss.recorded === 1 ? 'once, and that was' : `${miss.recorded} times, and all were`;
    return `Tapedeck: the cassette has ${asked} ${times} played already. Use --repeat last or --repeat cycle to play it again.`;
  }
  if (!miss.closest) return `Tapedeck: the cassette has no request for ${asked}, whatever its body.`;
  const { recording, leaves, first } = miss.closest;
  const name = `exchange ${recording.exchange.id} (#${recording.exchange.seq})`;
  const attempt = recording.attempt !== undefined && recording.attempt > 1 ? `, attempt ${recording.attempt}` : '';
  if (!first)
    return `Tapedeck: no recording of this ${asked}. Closest is ${name}${attempt}, with another query or body.`;
  const shown = showPair(first.recorded, first.live);
  const count = leaves === 1 ? '1 value differs' : `${leaves} values differ`;
  return (
    `Tapedeck: no recording of this ${asked}. Closest is ${name}${attempt}: ${count}, ` +
    `first at ${first.pointer || 'the root'}: recorded ${shown.recorded}, asked ${shown.live}.`
  );
}

/** The body of the answer to a miss, in the error shape of the client's protocol. */
export function missBody(miss: Miss): string {
  const problem = { status: MISS_STATUS, code: 'cassette_miss', message: missText(miss) };
  return errorText(protocolOf(miss), problem);
}

function protocolOf(miss: Miss): Protocol | null {
  if (miss.protocol) return miss.protocol;
  return /\/messages(?:\/count_tokens)?\/?(?:\?|$)/.test(miss.target) ? 'messages' : null;
}
