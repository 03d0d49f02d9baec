import { createRequire } from 'node:module';
import type { Call } from './call.ts';
import type { CallDeck } from './call-deck.ts';
import type { Pace } from './pace.ts';

// Its modules are CommonJS; `import` would read all of them once more beforehand, for the names that they export, and take more than twice as long.
const load = createRequire(import.meta.url);

/**
 * The part of Polly.js 6.0.6 that is used here, with types of our own: its declarations name its CommonJS classes as default
 * exports, which no NodeNext module can extend. Its methods and their order are those of @pollyjs/adapter/src/index.js.
 */

export interface PollyRequest {
  requestArguments: { call: Call };
  action: string | null;
  /** Gives it an id: a hash of what requests are told apart by. */
  _identify(): Promise<void>;
}

/** What Polly makes a request of; a body of its own it would hash. */
export interface NewRequest extends Pick<PollyRequest, 'requestArguments'> {
  url: string;
  method: string;
}

export interface PollyInstance {
  config: Partial<PollyConfig>;
  /** Finds what was registered for a URL, by whoever has the instance. */
  readonly server: { lookup(method: string, url: string): unknown };
  /** Every request since it was made, for a pruning that is not used here. */
  _requests: PollyRequest[];
  persister: PersisterShape;
  adapters: Map<string, AdapterShape>;
  registerRequest(request: NewRequest): PollyRequest;
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
  matchRequestsBy: Partial<Record<'method' | 'headers' | 'body' | 'order' | 'url', false>>;
}

type Base<Shape> = abstract new (polly: PollyInstance) => Shape;

export const AdapterBase = load('@pollyjs/adapter') as Base<AdapterShape>;
export const PersisterBase = load('@pollyjs/persister') as Base<PersisterShape>;
const { Polly: PollyBase } = load('@pollyjs/core') as {
  Polly: new (recordingName: string, config: PollyConfig) => PollyInstance;
};

/**
 * A Polly that does for a request what is asked of it here, and no more. It would parse the URL four times to look for handlers (and keep a table
 * for each host), merge its settings anew, and hash that nothing tells requests apart: as much time again as a small answer takes.
 */
export class Polly extends PollyBase {
  constructor(recordingName: string, config: PollyConfig) {
    super(recordingName, config);
    // Adapter and persister have taken theirs.
    const { mode, recordIfMissing, logLevel, timing } = config;
    this.config = { mode, recordIfMissing, logLevel, timing, matchRequestsBy: {} };
    // Nobody has this instance, so nobody registers handlers.
    const nothing = this.server.lookup('GET', 'http://localhost/');
    this.server.lookup = () => nothing;
  }

  override registerRequest(request: NewRequest): PollyRequest {
    const registered = super.registerRequest(request);
    registered._identify = async () => {};
    return registered;
  }
}
