import type { LegName } from '../util/types.ts';

/** A set of rules to judge by. */
export type Profile = 'strict' | 'tolerant' | 'codex';

/** Something a leg or a document does that a rule forbids. */
export interface Finding {
  profile: Profile;
  severity: 'error' | 'warning';
  /** Stable id, e.g. `schema.required`, `grammar.responses.delta-before-added`, `raw.integer-as-float`, `secret.api-key`. */
  rule: string;
  /** Where the rule comes from: schema and definition, specification section, or Codex version. */
  source: string;
  /** One sentence: what is wrong and, where it helps, what to do. */
  message: string;
  /** JSON pointer within the document or event; empty for the whole. */
  pointer: string;
  /** The offending value, shortened for display; absent where there is none. */
  value?: unknown;
  /** Place: which exchange and leg of a cassette, which event of a stream, which byte of the decoded body. */
  exchange?: string;
  leg?: LegName;
  attempt?: number;
  event?: number;
  offset?: number;
}
