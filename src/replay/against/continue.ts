import { legOf, type RecordedExchange } from '../../cassette/legs.ts';
import { parseJson } from '../../decode/json.ts';
import { parseSse } from '../../decode/sse.ts';
import { fromUtf8, toUtf8 } from '../../util/bytes.ts';
import type { SentRequest } from './recorded-request.ts';
import type { LiveAnswer } from './send.ts';

/**
 * Ids under which the gateway keeps its answers, where they are not the recorded ones: a conversation that goes on with
 * `previous_response_id` has to name those that this gateway gave.
 */
export class Conversation {
  readonly #ids = new Map<string, string>();

  /** Takes note of an answer. */
  learn(exchange: RecordedExchange, { body }: LiveAnswer): void {
    const [recorded, live] = [idOf(legOf(exchange, 'client-response')?.body?.decoded), idOf(body)];
    if (recorded !== undefined && live !== undefined && recorded !== live) this.#ids.set(recorded, live);
  }

  /** The same request, going on with the answer of the gateway. `decoded`: the body without its coding. */
  adapt(sent: SentRequest, decoded: Uint8Array | undefined): SentRequest {
    if (this.#ids.size === 0) return sent;
    const { socket } = sent;
    if (socket) {
      const messages = socket.messages.map((one) => ({ ...one, data: this.#goOn(one.data) ?? one.data }));
      return { ...sent, socket: { ...socket, messages } };
    }
    const body = decoded && this.#goOn(decoded);
    return body ? { ...sent, headers: withoutCoding(sent.headers), body } : sent;
  }

  /** The document with the id that this gateway gave; undefined where nothing is to be changed. */
  #goOn(document: Uint8Array): Uint8Array | undefined {
    const text = fromUtf8(document);
    const parsed = parseJson(text);
    const previous = parsed.ok
      ? (parsed.value as { previous_response_id?: unknown } | null)?.previous_response_id
      : null;
    const live = typeof previous === 'string' ? this.#ids.get(previous) : undefined;
    if (live === undefined) return undefined;
    return toUtf8(text.replaceAll(JSON.stringify(previous), JSON.stringify(live)));
  }
}

function withoutCoding(headers: readonly string[]): string[] {
  return headers.filter((_, i) => headers[i - (i % 2)]!.toLowerCase() !== 'content-encoding');
}

/** The id of a response, from its document, or the first event of its stream or message that has one. */
function idOf(body: Uint8Array | undefined): string | undefined {
  if (!body || body.length === 0) return undefined;
  const text = fromUtf8(body);
  const isStream = !text.startsWith('{');
  for (const document of isStream ? parseSse(body).events.map(({ data }) => data) : [text, ...text.split('\n')]) {
    const id = idIn(document);
    if (id !== undefined) return id;
  }
  return undefined;
}

function idIn(text: string): string | undefined {
  const parsed = parseJson(text);
  const document = parsed.ok ? (parsed.value as { id?: unknown; response?: { id?: unknown } } | null) : null;
  const id = document?.response?.id ?? document?.id;
  return typeof id === 'string' ? id : undefined;
}
