const KIB = 1024;
const MIB = 1024 * KIB;

/** Every number of this layer that is policy, with its reason. Times are milliseconds, sizes bytes. */
export const RECORDING_LIMITS = {
  /**
   * What waits for redaction and disk at most before new requests wait too: a few hundred Codex turns, or the largest
   * single body, so that a slow disk costs memory that any machine has.
   */
  queuedBytes: 64 * MIB,
  /** How long an update of a running exchange may wait: a kill may cost 250 ms, and 50 ms are left for redaction and disk. */
  flushMs: 200,
  /**
   * How long the thread that writes may be behind before new requests wait as well: with the gathering before it and the work that is
   * still to be done, what ended is on the disk within the 50 ms after which a kill may lose none.
   */
  behindMs: 25,
  /**
   * How long an exchange that is over may wait, so that those that end together cost one write and none of the time between
   * an answer and the next request. A fifth of the 50 ms after which a kill may lose none.
   */
  gatherMs: 10,
  /**
   * Of an upstream body that equals the client's so far: bytes held back in case it becomes another one. Most turns of Codex are
   * shorter; longer ones are written twice and told to be the same at their end. With 200 streams of minutes, 1 MiB made 500 MiB.
   */
  shadowBytes: 256 * KIB,
  /** A running exchange with this much waiting is written at once, so that no line of the journal grows without need. */
  flushBytes: 64 * KIB,
  /** Heads remembered as they were redacted; a session has a few dozen, those with an id or a time in them come and go. */
  heads: 500,
  /** Bytes of a head that is remembered; one of Codex has about one KiB. */
  headLength: 8 * KIB,
  /** Credentials in headers known to have been learned: few enough that none was forgotten since (200 values are remembered, a header teaches up to three). */
  taughtHeaders: 60,
  /**
   * Bytes kept of one body, decoded: as large as gateways accept. JSON can need six bytes for one, and an entry with
   * two such bodies must stay below the longest string (512 MiB) to be read again.
   */
  bodyBytes: 64 * MIB,
  /** How often a recording says on the disk that it is alive, for those who cannot ask for its process. */
  heartbeatMs: 10_000,
  /** Silence after which a recording on another machine counts as killed: six missed heartbeats. */
  silentMs: 60_000,
  /** A HAR file that is not laid out by us is parsed as one string; JSON.parse of 206 MiB took 535 MiB of memory. */
  wholeFileBytes: 256 * MIB,
  /** One entry is parsed as one string, and Node has no longer ones (`buffer.constants.MAX_STRING_LENGTH`). */
  entryBytes: 512 * MIB - 25,
  /** What stands before the entries: a few hundred bytes; more than this is not our layout. */
  preambleBytes: MIB,
  /**
   * From this size on an index is kept beside a cassette. Going through 16 MiB of small exchanges takes 60 ms, and of larger ones
   * less, so below that nobody would notice.
   */
  indexedBytes: 16 * MIB,
  /** Read from a file at a time. */
  readBytes: 256 * KIB,
  /** A file up to this size is read once: whoever goes through it wants its exchanges next. */
  readAtOnceBytes: 4 * MIB,
  /** Written to a cassette at a time. */
  writeBytes: MIB,
} as const;
