/** Facts of one zstd frame, from its header and its block headers (RFC 8878 section 3.1.1). */
export interface ZstdFrameFacts {
  kind: 'frame' | 'skippable';
  /** Offset and length of the whole frame in the coded body, in bytes. */
  offset: number;
  bytes: number;
  /** Frame header descriptor byte; absent on skippable frames. */
  descriptor?: number;
  windowSize?: number;
  singleSegment?: boolean;
  /** null: the header carries no content size (what Codex sends). */
  contentSize?: number | null;
  dictionaryId?: number;
  checksum?: boolean;
  blocks?: number;
  /** Proven upper bound of what the frame decodes to, in bytes. */
  bound?: number;
}
