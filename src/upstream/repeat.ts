/**
 * When a request that failed may be sent again without the client knowing. A model request costs money, so the question is
 * never whether it would probably work, but whether the upstream can have begun to work on the first one.
 */

/** Methods of which two requests do what one does (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** The code of an error by which the upstream itself says that it has not looked at the request (RFC 9113 section 8.7). */
export const UNPROCESSED = 'UPSTREAM_UNPROCESSED';

const onReused = new WeakSet<object>();

/** Remembers that what failed with this error was a connection on which another request had been answered before. */
export function markReused(error: object): void {
  onReused.add(error);
}

/**
 * Whether a request of which no byte of an answer came may be sent once more:
 * - always, when the upstream refused the stream (HTTP/2) before it looked at it;
 * - an idempotent one, when the connection had served a request before and was closed or reset: the upstream closed it for
 *   being idle while the request was on its way (RFC 9112 section 9.3.1). Whether the request was read cannot be known, so a
 *   POST is never sent again for that.
 */
export function mayRepeat(error: unknown, method: string): boolean {
  const fault = error as { code?: string; socket?: { bytesRead?: number } } | null;
  if (fault?.code === UNPROCESSED) return true;
  if (!fault || !IDEMPOTENT.has(method)) return false;
  if (fault.code === 'UND_ERR_SOCKET') return (fault.socket?.bytesRead ?? 0) > 0;
  return onReused.has(fault);
}
