/** What `replay` looks at in every exchange, in the order of the reports. */
export type CheckId =
  | 'legs.valid'
  | 'stream.grammar'
  | 'request.translation'
  | 'response.translation'
  | 'stream.translation'
  | 'coding.decode'
  | 'coding.reencode'
  | 'passthrough.equal'
  | 'losses.equal'
  | 'redaction.complete';

export interface CheckInfo {
  id: CheckId;
  /** One sentence: what must hold. */
  what: string;
  /** Where the rule comes from. */
  source: string;
}

export const CHECKS: readonly CheckInfo[] = [
  {
    id: 'legs.valid',
    what: 'Every leg is a document of its endpoint by the profiles chosen.',
    source: 'docs/validation.md: schemas and the rules about a whole message',
  },
  {
    id: 'stream.grammar',
    what: 'The events of a stream come in the order of its protocol, and no stream claims an end that its source did not have.',
    source: 'docs/validation.md: stream grammars',
  },
  {
    id: 'request.translation',
    what: 'The client request, translated anew, equals the recorded upstream request byte for byte.',
    source: 'docs/replay.md: same input, same bytes out; ids and clock come from `_seed`',
  },
  {
    id: 'response.translation',
    what: 'The upstream response that came whole, translated anew, equals the recorded client response.',
    source: 'docs/replay.md: same input, same bytes out; ids and clock come from `_seed`',
  },
  {
    id: 'stream.translation',
    what: 'The upstream stream, translated anew, equals the recorded client stream, however its bytes are split into reads.',
    source:
      'docs/replay.md: same input, same bytes out; WHATWG HTML section 9.2.6: reads mean nothing in an event stream',
  },
  {
    id: 'coding.decode',
    what: 'The bytes on the wire are those that were recorded and decode to the recorded view.',
    source: 'RFC 9110 section 8.4; RFC 8878',
  },
  {
    id: 'coding.reencode',
    what: 'The recorded view, coded again in every shape of frame, decodes to itself, whole and piece by piece.',
    source: 'RFC 9110 section 8.4; RFC 8878 section 3; RFC 1952 section 2.2',
  },
  {
    id: 'passthrough.equal',
    what: 'Where both sides speak one protocol, a body that Tapedeck passed on is the same on both.',
    source: 'docs/http.md: bytes pass through untouched',
  },
  {
    id: 'losses.equal',
    what: 'Translating anew loses what was recorded as lost, and nothing else.',
    source: 'docs/replay.md: nothing is dropped silently',
  },
  {
    id: 'redaction.complete',
    what: 'Nothing in the exchange looks like a credential.',
    source: 'docs/privacy.md',
  },
];

export const CHECK_IDS: readonly CheckId[] = CHECKS.map(({ id }) => id);

export function checkInfo(id: CheckId): CheckInfo {
  return CHECKS.find((check) => check.id === id)!;
}
