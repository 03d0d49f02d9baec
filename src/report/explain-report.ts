import type { HopReport } from '../around/explain-hop.ts';
import type { Diagnosis } from '../validate/diagnose/types.ts';

/** What `explain --json` writes: of a recording around a gateway what the gateway did, of any other cassette why an exchange broke. */
export type ExplainReport = GatewayExplanation | BreakExplanation;

/** What a gateway did to the exchanges of a recording around it. */
export interface GatewayExplanation {
  event: 'explain';
  /** Path of the cassette. */
  cassette: string;
  /** As the cassette calls it. */
  gateway: string;
  /** In recorded order; the one that was asked for alone, where one was. */
  hops: ExplainedHop[];
}

/** What the gateway did to one exchange, and who has something of it. */
export interface ExplainedHop extends HopReport {
  /** In the cassette, from 1. */
  number: number;
  clients: ClientVerdict[];
}

/** What a client has of it. */
export interface ClientVerdict {
  /** `Codex 0.169.0`, `Chat clients`, `Messages clients`, `Responses clients`; `who pays for the provider` of what no client asked for. */
  client: string;
  harmed: boolean;
  why: string[];
}

/** Why an exchange broke. */
export interface BreakExplanation {
  event: 'explain';
  /** Path of the cassette. */
  cassette: string;
  /** The exchange that was asked for, or the first of the worst level; null: the cassette holds none. */
  explained: ExplainedExchange | null;
  /** All the others. */
  others: ExchangeLine[];
}

/** One exchange in full. */
export interface ExplainedExchange extends Diagnosis {
  /** In the cassette, from 1. */
  number: number;
}

/** An exchange in one line. */
export interface ExchangeLine {
  /** In the cassette, from 1. */
  number: number;
  exchange: string;
  level: Diagnosis['level'];
  request: string;
  headline: string;
}
