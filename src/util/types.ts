/** Words that every layer shares. Nothing here has behaviour. */

/** An API family. */
export type Protocol = 'responses' | 'chat' | 'messages';

/** Whose connection: the client's with us, or ours with the upstream. */
export type Side = 'client' | 'upstream';

/** One of the four messages of an exchange. */
export type LegName = 'client-request' | 'upstream-request' | 'upstream-response' | 'client-response';

/**
 * Headers as they crossed the wire: name, value, name, value, … with order, case and duplicates kept.
 * This is the form of node's `rawHeaders` and of undici's `dispatch`, so the hot path never converts.
 */
export type RawHeaders = readonly string[];

/** How an exchange, or one attempt within it, ended. */
export type Outcome =
  | 'complete'
  | 'client-aborted'
  | 'upstream-aborted'
  | 'upstream-error'
  | 'timeout'
  | 'refused'
  | 'recorder-killed';

/**
 * Something a translation could not carry. `hop` is the direction of the document: `responses->chat` of a request, `chat->responses` of
 * its answer; `path` a JSON pointer in the source.
 */
export interface Loss {
  hop: string;
  path: string;
  kind: string;
  reason: string;
}

/** Whether a loss changes something: `semantic`, what the model is told or does, or what the client is told of its answer; `hint`, none of it. */
export type LossWeight = 'hint' | 'semantic';
