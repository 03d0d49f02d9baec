/**
 * The one error type of Tapedeck and its closed list of codes. Expected protocol failures are values, not errors;
 * this type is for what stops a command. Every code is explained in docs/errors.md.
 */
export type ErrorCode =
  /** A flag, an argument or a combination of them makes no sense. */
  | 'usage'
  /** The file that was to be written exists, and `--force` was not given. */
  | 'output-exists'
  /** The output cannot be created or written (permission, missing folder, disk full). */
  | 'output-failed'
  /** No cassette at that path, or none at all. */
  | 'cassette-not-found'
  /** The file is not a cassette, is cut off, or breaks the format. */
  | 'cassette-unreadable'
  /** The cassette was written by a newer format than this version knows. */
  | 'cassette-too-new'
  /** The entries do not fit the checksum and `--pristine` was asked for. */
  | 'cassette-edited'
  /** The cassette holds something that looks like a credential. */
  | 'cassette-secret'
  /** A request has no recording. */
  | 'cassette-miss'
  /** The port is taken or may not be used. */
  | 'port-unavailable'
  /** The upstream cannot be reached: refused, unknown host, TLS. */
  | 'upstream-unreachable'
  /** The gateway under test cannot be reached: it does not listen, ended at once, or never answered. */
  | 'gateway-unreachable'
  /** A content coding that nobody decodes here. */
  | 'coding-unknown'
  /** A coded body is damaged or cut off. */
  | 'coding-corrupt'
  /** A body is over a limit, coded or decoded. */
  | 'body-too-large'
  /** An input document is not what it was said to be (not JSON, not a stream). */
  | 'input-invalid'
  /** The command after `--` does not exist. */
  | 'command-not-found'
  /** The command after `--` exists but cannot be run. */
  | 'command-not-runnable'
  /** A bug in Tapedeck. */
  | 'internal';

/** Process exit codes, by name; the table is in docs/errors.md. */
export const EXIT = {
  ok: 0,
  findings: 1,
  usage: 2,
  miss: 3,
  unreachable: 4,
  cassette: 5,
  regressions: 6,
  internal: 70,
  output: 74,
  tapedeckFailed: 125,
  notRunnable: 126,
  notFound: 127,
  interrupted: 130,
  terminated: 143,
} as const;

const EXIT_BY_CODE: Record<ErrorCode, number> = {
  usage: EXIT.usage,
  'output-exists': EXIT.output,
  'output-failed': EXIT.output,
  'cassette-not-found': EXIT.cassette,
  'cassette-unreadable': EXIT.cassette,
  'cassette-too-new': EXIT.cassette,
  'cassette-edited': EXIT.cassette,
  'cassette-secret': EXIT.cassette,
  'cassette-miss': EXIT.miss,
  'port-unavailable': EXIT.output,
  'upstream-unreachable': EXIT.unreachable,
  'gateway-unreachable': EXIT.unreachable,
  'coding-unknown': EXIT.findings,
  'coding-corrupt': EXIT.findings,
  'body-too-large': EXIT.findings,
  'input-invalid': EXIT.usage,
  'command-not-found': EXIT.notFound,
  'command-not-runnable': EXIT.notRunnable,
  internal: EXIT.internal,
};

export interface TapedeckErrorOptions {
  /** What the reader can do about it: one sentence, imperative. */
  hint?: string;
  cause?: unknown;
}

export class TapedeckError extends Error {
  override readonly name = 'TapedeckError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: TapedeckErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }

  /** The exit code that a command ends with when this error stops it. */
  get exitCode(): number {
    return EXIT_BY_CODE[this.code];
  }
}

/** Which of several exit codes wins: 70, 74, 4, 5, 3, 1, 6, then 0. */
export function worstExit(codes: readonly number[]): number {
  const order: number[] = [
    EXIT.internal,
    EXIT.output,
    EXIT.unreachable,
    EXIT.cassette,
    EXIT.miss,
    EXIT.findings,
    EXIT.regressions,
  ];
  for (const code of order) if (codes.includes(code)) return code;
  return codes.find((code) => code !== EXIT.ok) ?? EXIT.ok;
}
