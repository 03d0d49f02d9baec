import { headerValue, headerValues } from '../../util/headers.ts';
import type { RawHeaders } from '../../util/types.ts';

/** Versions whose behaviour was measured scenario by scenario; the evidence is in fixtures/oracle. */
export const MEASURED_VERSIONS = ['0.113.0', '0.122.0', '0.169.0'] as const;

/** `codex_exec/0.169.0 (Debian …)`, `codex_cli_rs/0.122.0 …`, `codex-tui/0.170.1-alpha.2 …`. */
const USER_AGENT = /\bcodex[\w-]*\/(\d+\.\d+\.\d+)/i;

/**
 * The Codex version that a request names, e.g. `0.169.0`: in its `user-agent`, or, since WebSocket upgrades up to 0.122 have
 * none, in `version` beside Codex's own `originator`. Undefined when the client is another one.
 */
export function codexVersionOf(headers: RawHeaders): string | undefined {
  for (const agent of headerValues(headers, 'user-agent')) {
    const found = USER_AGENT.exec(agent);
    if (found) return found[1];
  }
  if (!/^codex/i.test(headerValue(headers, 'originator') ?? '')) return undefined;
  return /^\d+\.\d+\.\d+/.exec(headerValue(headers, 'version') ?? '')?.[0];
}

/** Negative when `a` is older than `b`, positive when newer, 0 when equal. Missing parts count as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function partsOf(version: string): number[] {
  return version.split(/[.\-+]/, 3).map((part) => Number.parseInt(part, 10) || 0);
}
