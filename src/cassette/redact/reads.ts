/** Reads of a body that came at once, joined: they are searched as one text, and stay apart in what comes out. */
export interface Reads {
  /** When they came; handed through. */
  ms: number;
  bytes: Uint8Array;
  /** Of each of them; undefined: it is one. */
  lengths: readonly number[] | undefined;
}

/** Redacts a body read by read; gives one read for every one that it got, in order. */
export interface ReadsRedactor {
  pushReads(reads: readonly Reads[]): Reads[];
  endReads(): Reads[];
  /** Replacements so far. */
  count(): number;
}

/** What is asked of a redactor that knows nothing of reads that are joined. */
interface ChunkRedactor {
  pushAll(chunks: readonly Uint8Array[]): Uint8Array[];
  end(): Uint8Array[];
  count(): number;
}

/** A redactor of chunks as one of reads. */
export function readsRedactor(stream: ChunkRedactor | (ChunkRedactor & ReadsRedactor)): ReadsRedactor {
  if ('pushReads' in stream) return stream;
  const times: number[] = [];
  const named = (chunks: readonly Uint8Array[]): Reads[] =>
    chunks.map((bytes) => ({ ms: times.shift() ?? 0, bytes, lengths: undefined }));
  return {
    pushReads(reads) {
      const single = reads.flatMap(splitReads);
      times.push(...single.map(({ ms }) => ms));
      return named(stream.pushAll(single.map(({ bytes }) => bytes)));
    },
    endReads: () => named(stream.end()),
    count: () => stream.count(),
  };
}

/** Reads one by one. */
export function splitReads({ ms, bytes, lengths }: Reads): Reads[] {
  if (lengths === undefined) return [{ ms, bytes, lengths }];
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return { ms, bytes: bytes.subarray(at - length, at), lengths: undefined };
  });
}

/** Two parts of joined reads: those that end within the first so many bytes, and the others; undefined where one is empty. */
export function partReads({ ms, bytes, lengths }: Reads, until: number): [Reads, Reads] | undefined {
  let at = 0;
  let count = 0;
  while (lengths !== undefined && count < lengths.length && at + lengths[count]! <= until) {
    at += lengths[count]!;
    count += 1;
  }
  if (lengths === undefined || count === 0 || count === lengths.length) return undefined;
  return [
    { ms, bytes: bytes.subarray(0, at), lengths: lengths.slice(0, count) },
    { ms, bytes: bytes.subarray(at), lengths: lengths.slice(count) },
  ];
}
