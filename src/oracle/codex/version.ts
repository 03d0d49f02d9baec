import type { RawHeaders } from '../../util/types.ts';

/** Versions whose behaviour was measured scenario by scenario; the evidence is in fixtures/oracle. */
export const MEASURED_VERSIONS = ['0.113.0', '0.122.0', '0.169.0'] as const;

/** `codex_exec/0.169.0 (Debian …)`, `codex_cli_rs/0.122.0 …`, `codex-tui/0.170.1-alpha.2 …`. */
const USER_AGENT = /\bcodex[\w-]*\/(\d+\.\d+\.\d+)/i;

/** The Codex version in a request's `user-agent`, e.g. `0.169.0`; undefined when the client is another one. */
export function codexVersionOf(headers: RawHeaders): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() !== 'user-agent') continue;
    const found = USER_AGENT.exec(headers[i + 1] ?? '');
    if (found) return found[1];
  }
  return undefined;
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
