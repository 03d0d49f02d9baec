/** What `replay` looks at in every exchange, in the order of the reports. */
export type SuiteCheckId =
  | 'legs.valid'
  | 'stream.grammar'
  | 'request.translation'
  | 'response.translation'
  | 'stream.translation'
  | 'coding.decode'
  | 'coding.reencode'
  | 'passthrough.equal'
  | 'losses.equal'
  | 'proxy.request'
  | 'proxy.response'
  | 'redaction.complete';

/** What `replay --against` looks at. */
export type AgainstCheckId =
  | 'against.request'
  | 'against.status'
  | 'against.headers'
  | 'against.stream'
  | 'against.body';

export type CheckId = SuiteCheckId | AgainstCheckId;

export interface CheckInfo<Id extends CheckId = CheckId> {
  id: Id;
  /** One sentence: what must hold. */
  what: string;
  /** Where the rule comes from. */
  source: string;
}

export const CHECKS: readonly CheckInfo<SuiteCheckId>[] = [
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
    id: 'proxy.request',
    what: 'The whole proxy, given the client request again, sends the recorded requests upstream: method, URL, header fields and body.',
    source: 'docs/replay.md: the whole proxy; RFC 9110 section 7.6',
  },
  {
    id: 'proxy.response',
    what: 'The whole proxy, given the recorded answers from upstream, gives the client the recorded response: status, header fields, body and how it ends.',
    source: 'docs/replay.md: the whole proxy; RFC 9112 sections 6 to 8',
  },
  {
    id: 'redaction.complete',
    what: 'Nothing in the exchange looks like a credential.',
    source: 'docs/privacy.md',
  },
];

export const AGAINST_CHECKS: readonly CheckInfo<AgainstCheckId>[] = [
  {
    id: 'against.request',
    what: 'The gateway asks the upstream for what was recorded: as often, the same path, and a body that is the same after field rules.',
    source: 'docs/replay.md: a live gateway; docs/matching.md: field rules',
  },
  {
    id: 'against.status',
    what: 'The client gets the recorded status.',
    source: 'docs/replay.md: a live gateway',
  },
  {
    id: 'against.headers',
    what: 'The client gets the response headers that clients act upon as they were recorded.',
    source: 'docs/replay.md: a live gateway; docs/codex-agreement.md: i-429, r-model-header, r-turn-state',
  },
  {
    id: 'against.stream',
    what: 'The client gets the recorded events, in their order, with the same fields but for ids and times.',
    source: 'docs/replay.md: a live gateway',
  },
  {
    id: 'against.body',
    what: 'The answer amounts to the recorded one, item by item, but for ids and times.',
    source: 'docs/replay.md: a live gateway',
  },
];

export const CHECK_IDS: readonly SuiteCheckId[] = CHECKS.map(({ id }) => id);

const ALL: readonly CheckInfo[] = [...CHECKS, ...AGAINST_CHECKS];

export function checkInfo(id: CheckId): CheckInfo {
  return ALL.find((check) => check.id === id)!;
}

/** Where a check stands in reports, from 0. */
export function checkOrder(id: CheckId): number {
  return ALL.findIndex((check) => check.id === id);
}
