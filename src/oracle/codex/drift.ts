import { compareVersions } from './version.ts';

/**
 * What changed between Codex versions, as far as it decides what happens with an answer. `since` is the first version
 * with the new behaviour.
 * - `exact`: the version before was probed without it.
 * - `between`: it came somewhere after `probedWithout`; versions in between were not probed.
 * - `nearest`: only the fully measured versions around it are known; the border is the middle of the two.
 */
export const DRIFT = {
  /** A 401 with `auth.command` or a ChatGPT login fetches a new token and repeats at once. */
  'refreshes-token': { since: '0.118.0', evidence: 'nearest', probedWithout: '0.113.0' },
  /** A tool call in a stream that breaks off is run, and is part of the repeated request. */
  'runs-calls-of-broken-stream': { since: '0.122.0', evidence: 'between', probedWithout: '0.120.0' },
  /** Compaction is a streamed turn that ends in `compaction_trigger`, no longer `POST /responses/compact`. */
  'inline-compaction': { since: '0.140.0', evidence: 'exact', probedWithout: '0.139.0' },
  /** A `previous_response_not_found` over WebSocket is cured by sending everything again over another connection. */
  'resends-lost-response': { since: '0.146.0', evidence: 'nearest', probedWithout: '0.122.0' },
  /** `local_shell_call` is an unknown item. */
  'ignores-local-shell': { since: '0.146.0', evidence: 'nearest', probedWithout: '0.122.0' },
  /** `apply_patch` as a function call is refused ("incompatible payload") and answered with "aborted". */
  'refuses-function-apply-patch': { since: '0.146.0', evidence: 'nearest', probedWithout: '0.122.0' },
  /** A refused connection is waited out ("waiting for network") instead of counted as a try. */
  'waits-for-network': { since: '0.146.0', evidence: 'nearest', probedWithout: '0.122.0' },
  /** A 429 with `insufficient_quota` says so. */
  'names-quota-on-429': { since: '0.146.0', evidence: 'nearest', probedWithout: '0.122.0' },
  /** `response.failed` with `rate_limit_exceeded` is called "rate limit exceeded". */
  'names-rate-limit': { since: '0.146.0', evidence: 'nearest', probedWithout: '0.122.0' },
  /** Texts have typographic apostrophes. */
  'typographic-texts': { since: '0.146.0', evidence: 'nearest', probedWithout: '0.122.0' },
  /** `retry-after` is obeyed: a 429 is repeated after it, and so is a 503. */
  'obeys-retry-after': { since: '0.162.0', evidence: 'between', probedWithout: '0.160.0' },
  /** `response.incomplete` for `max_output_tokens`, or anything else than `content_filter`, ends the turn instead of being repeated. */
  'incomplete-length-is-final': { since: '0.164.0', evidence: 'between', probedWithout: '0.162.0' },
  /** 404 `model_not_found` ends the turn instead of being repeated. */
  'model-not-found-is-final': { since: '0.166.0', evidence: 'between', probedWithout: '0.164.0' },
} as const satisfies Record<
  string,
  { since: string; evidence: 'exact' | 'between' | 'nearest'; probedWithout: string }
>;

export type Change = keyof typeof DRIFT;

/** Whether a Codex version has a change. */
export function hasChange(version: string, change: Change): boolean {
  return compareVersions(version, DRIFT[change].since) >= 0;
}
