/**
 * What `work` gives, or `otherwise` where its document is nested too deeply: V8 reads JSON of any depth, and writes it with a call for each
 * level, a few thousand of them at most. One such document must not end the proxy. Any other exception is a bug, and thrown.
 */
export function unlessTooDeep<Result>(work: () => Result, otherwise: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError && /call stack/.test(error.message)) return otherwise();
    throw error;
  }
}
