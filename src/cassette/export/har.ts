import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { toBase64, toChunk } from '../bytes-json.ts';
import type { BodyFields, CassetteHeader, Entry } from '../format.ts';
import { type Leg, legsOf, type RecordedExchange } from '../legs.ts';
import { isOverWebSocket } from '../messages.ts';
import {
  ENTRIES_END,
  ENTRIES_LINE,
  entryPieces,
  FIRST_LINE,
  LAST_LINE,
  serializeFooter,
  serializeHeader,
} from '../serialize.ts';

export interface HarOptions {
  /** Without Tapedeck's fields (those that begin with `_`): nothing that HAR 1.2 does not name. */
  plain: boolean;
  /** Only these sides: without our fields nobody can tell the two sides of an exchange apart. */
  side: 'client' | 'upstream' | 'both';
  /** Version of tapedeck. */
  tool: string;
}

/**
 * A cassette for other HAR tools, in pieces to be written one after the other: every body stands in `text`, where a cassette has reads
 * (`_chunks`), a reference to the client side (`_sameAs`) or bytes. One exchange is in memory at a time.
 */
export async function* exportHar(
  header: CassetteHeader,
  exchanges: AsyncIterable<RecordedExchange> | Iterable<RecordedExchange>,
  options: HarOptions,
): AsyncGenerator<Uint8Array> {
  const creator = { name: 'tapedeck', version: options.tool };
  const hash = createHash('sha256');
  yield Buffer.from(options.plain ? plainHeader(creator) : serializeHeader(header, creator));
  let before = '';
  for await (const exchange of exchanges) {
    for (const entry of fillExchange(exchange, options)) {
      for (const piece of [before, ...entryPieces(entry as Entry)]) {
        const bytes = Buffer.from(piece);
        hash.update(bytes);
        yield bytes;
      }
      before = ',\n';
    }
  }
  const last = Buffer.from(before === '' ? '' : '\n');
  hash.update(last);
  yield last;
  yield Buffer.from(
    options.plain ? `${ENTRIES_END.replace(',', '')}\n${LAST_LINE}\n` : serializeFooter(hash.digest('hex')),
  );
}

function plainHeader(creator: { name: string; version: string }): string {
  const members = [` "version": "1.2",`, ` "creator": ${JSON.stringify(creator)},`];
  return `${[FIRST_LINE, ...members, ENTRIES_LINE].join('\n')}\n`;
}

/** The entries of an exchange with their bodies written out. */
export function fillExchange(exchange: RecordedExchange, { plain, side }: Omit<HarOptions, 'tool'>): object[] {
  const legs = legsOf(exchange);
  return [exchange.client, ...exchange.attempts]
    .filter(({ _side }) => side === 'both' || _side === side)
    .map((entry) => {
      const own = legs.filter((leg) => leg.entry === entry);
      const filled = fillEntry(entry, exchange.client, own);
      return plain ? withoutOwn(filled) : filled;
    });
}

function fillEntry(entry: Entry, client: Entry, legs: readonly Leg[]): Entry {
  if (isOverWebSocket(entry)) return fillMessages(entry, client);
  const request = legs.find(({ name }) => name.endsWith('request'));
  const response = legs.find(({ name }) => name.endsWith('response'));
  const { postData } = entry.request;
  const filled: Entry = { ...entry, request: { ...entry.request }, response: { ...entry.response } };
  if (postData) {
    const fields = fillBody(postData, client.request.postData, request);
    filled.request.postData = { ...fields, text: fields.text ?? '' };
  }
  filled.response.content = fillBody(entry.response.content, client.response.content, response);
  return filled;
}

/** A WebSocket's handshake has no body; its messages stand where browsers write them. */
function fillMessages(entry: Entry, client: Entry): Entry {
  const { _webSocketSameAs, ...own } = entry;
  if (_webSocketSameAs === undefined) return own;
  return { ...own, ...(client._webSocketMessages ? { _webSocketMessages: client._webSocketMessages } : {}) };
}

/** `encoding` is HAR's, of content; for a request body nobody has one, so it is given the same. */
function fillBody<Fields extends BodyFields>(
  fields: Fields,
  ofClient: BodyFields | undefined,
  leg: Leg | undefined,
): Fields & { encoding?: 'base64' } {
  const { _sameAs, ...own } = fields;
  const filled = own as Fields & { encoding?: 'base64' };
  if (_sameAs && ofClient) {
    const { _wire, _redacted, _cut, _chunks } = ofClient;
    Object.assign(filled, { ...(_wire && { _wire }), ...(_redacted && { _redacted }), ...(_cut && { _cut }) });
    if (_chunks && leg?.body) filled._chunks = leg.body.chunks.map(({ ms, data }) => toChunk(ms, data));
  }
  const { text, decoded } = leg?.body ?? {};
  if (text !== undefined) filled.text = text;
  else if (decoded !== undefined) {
    filled.text = toBase64(decoded);
    filled.encoding = 'base64';
    // Readers of cassettes take these bytes rather than the text.
    filled._decoded = { base64: filled.text };
  }
  return filled;
}

/** Without the members that begin with `_`, but for the messages of WebSockets, which browsers and mitmproxy write and read. */
function withoutOwn(entry: Entry): object {
  const drop = (key: string, value: unknown): unknown =>
    key.startsWith('_') && key !== '_webSocketMessages' ? undefined : value;
  return JSON.parse(JSON.stringify(entry, drop));
}
