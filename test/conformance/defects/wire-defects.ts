import type { Defect } from './defect.ts';
import { isCoded, onEvents, onHead, onRequests } from './edit.ts';

const ERROR = { error: { message: 'made-up refusal', type: 'invalid_request_error', param: null, code: 'bad' } };
const JSON_HEADERS = { 'content-type': 'application/json' };

/** Defects of the wire and of coded bodies. */
export const WIRE_DEFECTS: readonly Defect[] = [
  {
    id: 'whole-answer-at-the-end',
    what: 'everything is held back to the end, under text/event-stream',
    seen: 'gateways-measured: codex responses-api-proxy, CCR; LiteLLM with an unknown model',
    front: { holdStream: true },
    caughtBy: 'wire.stream.held-back',
  },
  {
    id: 'held-back-with-pings',
    what: 'everything of a stream comes at its end, and pings until then',
    seen: 'gateways that keep connections alive while they collect the answer of a provider',
    front: { holdStream: true, keepAlive: { text: 'event: ping\ndata: {"type":"ping"}\n\n', ms: 50 } },
    caughtBy: 'wire.stream.held-back',
  },
  {
    id: 'one-event-late',
    what: 'each event is given out when the next one comes',
    seen: 'buffering by events',
    front: (() => {
      let before: string | undefined;
      return {
        event(text: string) {
          const out = before;
          before = /completed|DONE|message_stop/.test(text) ? undefined : text;
          return before === undefined ? [out, text].filter(Boolean).join('\n\n') : out;
        },
      };
    })(),
    caughtBy: 'wire.stream.held-back',
  },
  {
    id: 'stream-labelled-json',
    what: 'streams are labelled application/json',
    seen: 'gateways.md section 4: missing Content-Type',
    front: {
      head(head) {
        if (/event-stream/.test(head.headers['content-type'] ?? '')) head.headers['content-type'] = 'application/json';
      },
    },
    caughtBy: 'wire.stream.content-type',
  },
  {
    id: 'no-event-lines',
    what: 'a Responses stream has no `event:` lines',
    seen: 'gateways-measured: LiteLLM over a Chat provider',
    front: { event: (text) => text.replace(/^event: .*\n/m, '') },
    caughtBy: 'wire.framing.event-lines',
  },
  {
    id: 'no-done',
    what: 'a Chat stream has no [DONE]',
    seen: 'anchors.md: aimock',
    front: { event: (text) => (text.includes('[DONE]') ? undefined : text) },
    caughtBy: 'wire.framing.done',
    client: 'chat',
  },
  {
    id: 'event-lines-in-chat',
    what: 'chunks of Chat have an `event:` line',
    seen: 'translators that write both protocols with one writer',
    front: { event: (text) => (text.startsWith('data: ') ? `event: message\n${text}` : text) },
    caughtBy: 'wire.framing.no-event-lines',
    client: 'chat',
  },
  {
    id: 'crlf-unread',
    what: "a provider's stream with CRLF is read as nothing",
    seen: 'gateways-measured: codex-api-proxy',
    back: { event: (text) => (text.includes('\r') ? undefined : text) },
    caughtBy: 'wire.framing.crlf',
  },
  {
    id: 'no-space-unread',
    what: '`data:` without a space is read as nothing',
    seen: 'gateways-measured: codex-api-proxy',
    back: { event: (text) => (/^data:\S/m.test(text) ? undefined : text) },
    caughtBy: 'wire.framing.no-space',
  },
  {
    id: 'comment-becomes-event',
    what: 'comment lines become events',
    seen: 'issue reports: keep-alives that end the stream',
    front: { event: (text) => (text.startsWith(':') ? 'data: keep-alive' : text) },
    caughtBy: 'wire.framing.comments',
  },
  {
    id: 'large-event-cut',
    what: 'events are cut at 64 KiB',
    seen: 'line readers with a fixed buffer',
    front: { event: (text) => (text.length > 65_536 ? undefined : text) },
    caughtBy: 'wire.framing.large-event',
  },
  {
    id: 'abort-not-passed-on',
    what: 'when the client goes away the model writes on',
    seen: 'peers.md: CCR, http-proxy',
    front: { ignoreAbort: true },
    caughtBy: 'wire.cancel.mid-stream',
  },
  {
    id: 'answers-mixed-up',
    what: 'streams at once get the text of another one',
    seen: 'issue reports: state shared between requests',
    front: (() => {
      let last = '';
      return {
        event(text: string) {
          const word = /word-[0-9a-f]{12}/.exec(text)?.[0];
          const said = word && last ? text.replaceAll(word, last) : text;
          if (word) last = word;
          return said;
        },
      };
    })(),
    caughtBy: 'wire.parallel.apart',
  },
  {
    id: 'large-body-refused',
    what: 'bodies over 1 MiB are refused with 500',
    seen: 'gateways.md: 10M limit on long sessions; body parsers with 100 KB',
    front: {
      request: ({ body }) =>
        body.length > 1024 * 1024 ? { status: 500, headers: JSON_HEADERS, body: JSON.stringify(ERROR) } : undefined,
    },
    caughtBy: 'wire.size.request-10-mib',
  },
  {
    id: 'chunked-body-empty',
    what: 'a chunked request body is read as empty',
    seen: 'readers that look at content-length alone',
    front: {
      request(request) {
        if (request.headers['transfer-encoding'] === undefined) return;
        delete request.headers['transfer-encoding'];
        request.body = Buffer.from('{}');
      },
    },
    caughtBy: 'wire.size.chunked-request',
  },
  {
    id: 'json-as-text',
    what: 'a document is labelled text/plain',
    seen: 'gateways-measured: text/plain answers',
    front: {
      head(head) {
        if (/json/.test(head.headers['content-type'] ?? '')) head.headers['content-type'] = 'text/plain';
      },
    },
    caughtBy: 'wire.size.one-json-document',
  },
  {
    id: 'gzip-label',
    what: 'answers are said to be gzip, unasked',
    seen: 'codex-wire section 13: gzip',
    front: onHead({ 'content-encoding': 'gzip' }),
    caughtBy: 'wire.headers.no-coding-unasked',
  },
  {
    id: 'openai-model-other',
    what: 'the answer names another model in openai-model',
    seen: 'codex-wire section 13: Codex says that the account was flagged',
    front: onHead({ 'openai-model': 'another-model' }),
    caughtBy: 'wire.headers.openai-model',
  },
  {
    id: 'hop-headers-up',
    what: 'hop-by-hop headers are passed on to the provider',
    seen: 'gateways-measured: hop-by-hop headers copied',
    front: {
      request(request) {
        if (request.headers['x-hop']) request.headers.connection = 'close';
      },
    },
    caughtBy: 'wire.headers.hop-by-hop-up',
  },
  {
    id: 'hop-headers-down',
    what: "the provider's hop-by-hop headers reach the client",
    seen: 'gateways-measured: hop-by-hop headers copied',
    back: {
      head: (head) => {
        if (head.headers['x-hop'] !== undefined) head.headers.connection = 'keep-alive';
      },
    },
    caughtBy: 'wire.headers.hop-by-hop-down',
  },
  {
    id: 'request-id-lost',
    what: "the provider's x-request-id is lost",
    seen: 'gateways-measured: CLIProxyAPI, LiteLLM',
    front: onHead({ 'x-request-id': undefined }),
    caughtBy: 'wire.headers.down-x-request-id',
  },
  {
    id: 'turn-state-lost',
    what: 'x-codex-turn-state is lost',
    seen: 'codex-wire section 13',
    front: onHead({ 'x-codex-turn-state': undefined }),
    caughtBy: 'wire.headers.down-x-codex-turn-state',
  },
  {
    id: 'session-headers-lost',
    what: "Codex's session headers do not reach the provider",
    seen: 'gateways-measured: LiteLLM, codex-api-proxy',
    front: {
      request: (request) => {
        delete request.headers['session-id'];
      },
    },
    caughtBy: 'wire.headers.up-session-id',
  },
  {
    id: 'web-page-for-wrong-path',
    what: 'an unknown path is answered 200 with a web page',
    seen: 'gateways-measured: a wrong base URL answered 200 with a web page',
    front: {
      request: ({ url }) =>
        url.includes('no-such-endpoint')
          ? { status: 200, headers: { 'content-type': 'text/html' }, body: '<!doctype html><html></html>' }
          : undefined,
    },
    caughtBy: 'wire.routes.unknown-path',
  },
  {
    id: 'query-refused',
    what: 'a query behind the path is a 404',
    seen: 'exact routes (the Arena recipe)',
    front: {
      request: ({ url }) =>
        url.includes('?') ? { status: 404, headers: JSON_HEADERS, body: JSON.stringify(ERROR) } : undefined,
    },
    caughtBy: 'wire.routes.query',
  },
  {
    id: 'zstd-read-as-json',
    what: 'coded bodies are read as JSON and refused with 400',
    seen: 'gateways-measured: GoModel, LiteLLM, CLIProxyAPI on /v1/messages; many issue reports',
    front: {
      request: (request) =>
        isCoded(request) ? { status: 400, headers: JSON_HEADERS, body: JSON.stringify(ERROR) } : undefined,
    },
    caughtBy: 'zstd.responses.level-3-no-content-size',
  },
  {
    id: 'zstd-large-only',
    what: 'zstd bodies are only read with a content size',
    seen: 'codex-wire section 13: one-shot zstd decoders',
    front: {
      request: (request) => {
        // Descriptor, bits 6 and 7, and bit 5: where the size of the content stands (RFC 8878 section 3.1.1.1.1).
        const sized = ((request.body[4] ?? 0) & 0xe0) !== 0;
        return request.headers['content-encoding'] === 'zstd' && !sized
          ? { status: 400, headers: JSON_HEADERS, body: JSON.stringify(ERROR) }
          : undefined;
      },
    },
    caughtBy: 'zstd.responses.level-3-no-content-size',
  },
  {
    id: 'coding-header-dropped',
    what: 'content-encoding is dropped and the coded bytes are sent on',
    seen: 'gateways-measured: codex-api-proxy',
    front: {
      request: (request) => {
        delete request.headers['content-encoding'];
      },
    },
    caughtBy: 'zstd.responses.level-3-no-content-size',
  },
  {
    id: 'zstd-first-frame-only',
    what: 'only the first frame of a zstd body is read',
    seen: "node:zlib's own zstd (toolchain notes)",
    front: {
      request: (request) => {
        const again = request.body.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 4);
        if (request.headers['content-encoding'] === 'zstd' && again > 0) request.body = request.body.subarray(0, again);
      },
    },
    caughtBy: 'zstd.responses.two-frames',
  },
  {
    id: 'wrong-label-accepted',
    what: 'plain JSON under content-encoding: zstd is taken',
    seen: 'gateways-measured: CLIProxyAPI, LiteLLM',
    front: {
      request: (request) => {
        if (request.json && isCoded(request)) delete request.headers['content-encoding'];
      },
    },
    caughtBy: 'zstd.responses.bad-wrong-label',
  },
  {
    id: 'bomb-is-a-server-error',
    what: 'a bomb is answered with 500',
    seen: 'gateways-measured: 657 MB before the limit was looked at',
    front: {
      head: (head) => {
        if (head.status === 413) head.status = 500;
      },
    },
    caughtBy: 'zstd.responses.bad-bomb',
  },
  {
    id: 'truncated-frame-accepted',
    what: 'a truncated frame is answered 200',
    seen: 'decoders that give what they have',
    front: {
      request: (request) =>
        isCoded(request) && request.body.length < 600 ? { status: 200, headers: JSON_HEADERS, body: '{}' } : undefined,
    },
    caughtBy: 'zstd.responses.bad-truncated',
  },
  {
    id: 'role-added',
    what: 'items get a role and a null content',
    seen: 'gateways-measured: GoModel',
    back: onRequests((json) => {
      if (Array.isArray(json.input)) json.input = json.input.map((item: object) => ({ ...item, content_null: null }));
    }),
    caughtBy: 'responses.request.same',
  },
  {
    id: 'sequence-restarts',
    what: 'sequence numbers begin again in the middle',
    seen: 'gateways-measured: CLIProxyAPI',
    front: onEvents((data) => (data.type === 'response.completed' ? { ...data, sequence_number: 0 } : data)),
    caughtBy: 'wire.stream.grammar',
  },
  {
    id: 'delta-dropped',
    what: 'one delta is lost, and the done text is whole',
    seen: 'gateways.md section 4: deltas lost',
    front: onEvents((data) => (/"delta":" ?scripted"/.test(JSON.stringify(data)) ? undefined : data)),
    caughtBy: 'wire.stream.grammar',
  },
];
