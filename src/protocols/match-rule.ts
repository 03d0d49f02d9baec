/** How two requests are compared: the types that each protocol's table of field rules is written in. */

/**
 * What to do with the value at a path and all below it:
 * `static` is compared as it is, `ignore` is removed, `scrub` has what is volatile replaced inside its strings, `live`
 * counts by presence and type alone. `call-id` counts by the order in which the ids appear, so that a request in which two
 * tool outputs changed places differs, and one with other ids does not.
 */
export type FieldRuleKind = 'static' | 'ignore' | 'scrub' | 'live' | 'call-id';

export interface FieldRule {
  /** JSON pointer of the field; `*` stands for any one segment. A rule for a deeper path overrides one for a parent. */
  path: string;
  rule: FieldRuleKind;
  /** The value names the conversation that the request belongs to. */
  session?: true;
}

/** The rules of one protocol. A field without a rule is scrubbed. */
export type FieldRules = readonly FieldRule[];
