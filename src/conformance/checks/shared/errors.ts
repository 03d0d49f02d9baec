import type { Protocol } from '../../../util/types.ts';
import type { Trial } from '../../harness/trial.ts';
import type { WireReply } from '../../harness/wire-client.ts';
import { startOf } from './words.ts';

type Json = Record<string, unknown>;

/** What an error body says, in the shape of its protocol; undefined when it has another shape. */
export function readError(
  protocol: Protocol,
  body: unknown,
): { type?: string; code?: string; message: string } | undefined {
  const outer = body as Json | null | undefined;
  const error = outer?.error as Json | null | undefined;
  if (typeof error !== 'object' || error === null || typeof error.message !== 'string') return undefined;
  // Messages: `{"type":"error","error":{type,message}}`.
  if (protocol === 'messages' && (outer?.type !== 'error' || typeof error.type !== 'string')) return undefined;
  return {
    message: error.message,
    ...(typeof error.type === 'string' ? { type: error.type } : {}),
    ...(typeof error.code === 'string' ? { code: error.code } : {}),
  };
}

/**
 * Notes a fault when an answer is no client error in the client's shape. The shape alone is the lesser part: a client goes by the
 * status, and shows less of the reason.
 */
export async function expectClientError(t: Trial, reply: WireReply, what: string): Promise<void> {
  const text = await reply.text();
  const start = startOf(text, 200);
  if (
    !t.expect(reply.status >= 400 && reply.status < 500, `${what} is answered with ${reply.status}: ${start}`, {
      where: 'answer',
    })
  )
    return;
  const body = await reply.json();
  t.expect(
    readError(t.protocol, body) !== undefined,
    `${what} is refused in a shape that the client does not know: ${start}`,
    { where: 'answer', lesser: true },
  );
}
