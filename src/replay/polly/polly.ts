import AdapterModule from '@pollyjs/adapter';
import { Polly as PollyModule } from '@pollyjs/core';
import PersisterModule from '@pollyjs/persister';
import type { Call } from './call.ts';
import type { CallDeck } from './call-deck.ts';
import type { Pace } from './pace.ts';

/**
 * The part of Polly.js 6.0.6 that is used here, with types of our own: its declarations name its CommonJS classes as default
 * exports, which no NodeNext module can extend. Its methods and their order are those of @pollyjs/adapter/src/index.js.
 */

export interface PollyRequest {
  requestArguments: { call: Call };
  action: string | null;
}

/** What Polly makes a request of; a body of its own it would hash. */
export interface NewRequest extends Pick<PollyRequest, 'requestArguments'> {
  url: string;
  method: string;
}

export interface PollyInstance {
  /** Every request since it was made, for a pruning that is not used here. */
  _requests: PollyRequest[];
  persister: PersisterShape;
  adapters: Map<string, AdapterShape>;
  stop(): Promise<void>;
}

interface AdapterShape {
  readonly polly: PollyInstance;
  readonly options: { startPace(): Pace };
  /** Asks the hooks below in their order; resolves when the request is over, whatever became of it. */
  handleRequest(request: NewRequest): Promise<PollyRequest>;
}

/** What a persister finds; Polly copies it as JSON, so it holds no body. */
export interface FoundEntry {
  startedDateTime: string;
  time: number;
  response: { status: number; headers: [] };
}

interface PersisterShape {
  readonly options: { deck: CallDeck };
}

export interface PollyConfig {
  mode: 'record' | 'replay';
  recordIfMissing: boolean;
  adapters: unknown[];
  persister: unknown;
  adapterOptions: Record<string, { startPace(): Pace }>;
  persisterOptions: Record<string, { deck: CallDeck }>;
  logLevel: 'silent';
  timing: null;
  matchRequestsBy: Record<'method' | 'headers' | 'body' | 'order' | 'url', false>;
}

type Base<Shape> = abstract new (polly: PollyInstance) => Shape;

export const AdapterBase = AdapterModule as unknown as Base<AdapterShape>;
export const PersisterBase = PersisterModule as unknown as Base<PersisterShape>;
export const Polly = PollyModule as unknown as new (recordingName: string, config: PollyConfig) => PollyInstance;
