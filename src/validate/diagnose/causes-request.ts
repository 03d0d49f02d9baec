import { all, any, bySaying, byStatus, type Cause, tellStatus, when } from './cause.ts';
import { type ExchangeFacts, isUpgrade } from './facts.ts';

const REFUSED = any(byStatus(401), byStatus(403));
const CLIENT_ERROR = byStatus(400, 499);

/** What a JSON parser says to bytes that are not JSON. */
const NOT_JSON =
  /invalid character|invalid json|not valid json|unexpected (?:token|character|end|non-whitespace)|expecting value|parse error|failed to parse|could not parse|cannot parse|malformed|utf-?8/i;

const UNKNOWN_FIELD =
  /unknown (?:parameter|field|argument|key|name)|unrecognized|unrecognised|unsupported (?:parameter|value|field)|extra (?:inputs|fields)|additional propert|not permitted|unexpected (?:keyword|property|field)|invalid value: '/i;

/** Causes that lie in the request: its body, its credential, its address. Most telling first. */
export const REQUEST_CAUSES: readonly Cause[] = [
  {
    id: 'websocket.refused',
    level: 'broken',
    looks: 'a WebSocket upgrade answered with anything but 101 or 426',
    cause:
      'The WebSocket upgrade was refused in a way that Codex tries again: 7 attempts, about 6.4 s, before it goes on over HTTP.',
    fix: 'Answer upgrades with 426: Codex then uses HTTP at once.',
    source: 'b-baseurl-404ws, b-baseurl-500ws against b-baseurl-426ws',
    match: when((facts) => isUpgrade(facts) && ![101, 426].includes(facts.answer.status), tellStatus),
  },
  {
    id: 'websocket.previous-not-found',
    level: 'broken',
    looks: 'an `error` message with `previous_response_not_found` over WebSocket',
    cause:
      'The server does not know the response that this request goes on from: responses live and die with their connection.',
    fix: 'Let one connection of the client be one connection to one server: no pooling and no balancing of messages in between.',
    source: 'h-ws-no-prewarm-id',
    match: bySaying(/previous_response_not_found/),
  },
  {
    id: 'websocket.connection-limit',
    level: 'broken',
    looks: 'an `error` message with `websocket_connection_limit_reached`',
    cause: 'The connection is older than the server allows (OpenAI: 60 minutes).',
    fix: 'Nothing: Codex opens another connection and sends everything again.',
    source: 'h-ws-limit-reached',
    match: bySaying(/websocket_connection_limit_reached/),
  },
  {
    id: 'request.coded-body',
    level: 'broken',
    looks: "`invalid character '('` or other complaints about invalid JSON, and the request had a content coding",
    cause: 'A hop read the compressed request body as JSON: it does not undo the content coding.',
    fix: 'Make that hop decode zstd (streaming: Codex writes no content size). Until then run Codex with --disable enable_request_compression.',
    source:
      'Codex sends zstd with a ChatGPT login and a provider named "OpenAI"; the magic 28 B5 2F FD begins with "("',
    match: all(any(CLIENT_ERROR, byStatus(500, 599)), any(bySaying(NOT_JSON), byStatus(415)), isCoded),
  },
  {
    id: 'request.unlabelled-coding',
    level: 'broken',
    looks: "`invalid character '('` without a content coding in the request",
    cause:
      'The body that reached the JSON parser was still zstd: some hop dropped the content-encoding header and kept the coded bytes.',
    fix: 'Make the hop in between decode the body, or pass header and body on together.',
    source: 'the zstd magic 28 B5 2F FD begins with "("',
    match: all(CLIENT_ERROR, bySaying(/invalid character '\('/)),
  },
  {
    id: 'auth.no-credential',
    level: 'broken',
    looks: '401 or 403, and the request had no `authorization`',
    cause: 'No credential was sent: `codex exec` ignores OPENAI_API_KEY for the built-in provider.',
    fix: 'Set CODEX_API_KEY, or use a provider of your own with env_key.',
    source: 'measured with 0.113.0, 0.122.0 and 0.169.0',
    match: all(
      REFUSED,
      when(({ sent }) => sent.credential === 'none', noCredential),
    ),
  },
  {
    id: 'auth.dummy-key',
    level: 'broken',
    looks: '401 or 403, and the key was a stand-in',
    cause: 'A stand-in key went upstream: no real one was in the environment of the client.',
    fix: 'Set OPENAI_API_KEY before `tapedeck record`, or give the key with --upstream-key-env NAME.',
    source: '`tapedeck record` sets a stand-in where there is no key',
    match: all(
      REFUSED,
      when(({ sent }) => sent.credential === 'dummy', tellStatus),
    ),
  },
  {
    id: 'auth.chatgpt-login',
    level: 'broken',
    looks: '401 or 403, and the request carried `chatgpt-account-id`',
    cause: 'The token of a ChatGPT login was sent, and this hop does not take it.',
    fix: 'Use a provider with env_key and without requires_openai_auth; a gateway needs a key of its own.',
    source: 'requires_openai_auth sends the ChatGPT token and account to the base URL',
    match: all(
      REFUSED,
      when(({ sent }) => sent.credential === 'login', tellStatus),
    ),
  },
  {
    id: 'auth.refused',
    level: 'broken',
    looks: '401 or 403 with a key',
    cause: 'The key was refused.',
    fix: 'Check which key the request carries (`tapedeck show … --leg upstream-request`), and whether it belongs to this provider.',
    source: 'RFC 9110 sections 15.5.2 and 15.5.4',
    match: REFUSED,
  },
  {
    id: 'url.doubled',
    level: 'broken',
    looks: '404 or 405, and a part of the path stands there twice (`/v1/v1`, `/responses/responses`)',
    cause: 'The base URL already ends with what the client appends.',
    fix: 'Cut the end of the base URL: Codex appends /responses, and nothing else.',
    source: 'n-baseurl-full: base_url = ".../v1/responses" gives /v1/responses/responses',
    match: all(
      any(byStatus(404), byStatus(405)),
      when(({ sent }) => DOUBLED.test(sent.path), path),
    ),
  },
  {
    id: 'model.not-found',
    level: 'broken',
    looks: '4xx with `model_not_found`, or a text that says that the model does not exist',
    cause: 'The provider does not have this model.',
    fix: 'Choose a model that it lists, or map the name in the gateway.',
    source: 'OpenAI error code model_not_found',
    match: all(CLIENT_ERROR, bySaying(/model_not_found|model\b.{0,80}(?:not found|does not exist|not exist|unknown)/i)),
  },
  {
    id: 'url.missing-v1',
    level: 'broken',
    looks: '404 or 405, and the path has no version in it',
    cause: 'The path lacks /v1: the base URL was given without it.',
    fix: 'Let the base URL end with /v1.',
    source: 'n-baseurl-nov1: nothing but /responses is appended to base_url',
    match: all(
      any(byStatus(404), byStatus(405)),
      when(({ sent }) => !VERSIONED.test(sent.path), path),
    ),
  },
  {
    id: 'url.web-page',
    level: 'broken',
    looks: 'a web page (HTML) instead of an answer, with a status below 500',
    cause: 'A web page answered: the base URL leads to a site, a login page or a web server, not to the API.',
    fix: 'Open the URL without its path in a browser to see whose page it is, and correct the base URL.',
    source: 'i-404-html',
    match: when(({ answer }) => answer.isHtml && answer.status < 500, tellStatus),
  },
  {
    id: 'compaction.refused',
    level: 'broken',
    looks: '4xx to a request for compaction',
    cause:
      'The gateway does not know compaction: `POST /responses/compact` up to 0.139, `compaction_trigger` in the input from 0.140 on.',
    fix: 'Support it, or give the provider another name than "OpenAI": Codex then asks for a plain summary.',
    source: 'g-compact-404: there is no other way, the turn ends',
    match: all(
      CLIENT_ERROR,
      when(({ forecast }) => forecast?.rule === 'codex.compact.http', tellStatus),
    ),
  },
  {
    id: 'url.not-found',
    level: 'broken',
    looks: '404 or 405 in any other way',
    cause: 'The path does not exist there.',
    fix: 'Compare the path with what the gateway serves; Codex needs POST …/responses.',
    source: 'RFC 9110 sections 15.5.5 and 15.5.6',
    match: any(byStatus(404), byStatus(405)),
  },
  {
    id: 'request.context-length',
    level: 'broken',
    looks: '`context_length_exceeded`, in a 400 or in `response.failed`',
    cause: 'The conversation is longer than the context window of the model.',
    fix: 'Begin anew, or set model_context_window and model_auto_compact_token_limit to what the model has.',
    source: 'i-failed-context',
    match: bySaying(/context_length_exceeded|maximum context length|context window|prompt is too long/i),
  },
  {
    id: 'request.invalid-prompt',
    level: 'broken',
    looks: '`invalid_prompt`',
    cause: 'The provider refused the prompt.',
    fix: 'Change the prompt; Codex does not try again.',
    source: 'i-failed-invalid',
    match: bySaying(/invalid_prompt/),
  },
  {
    id: 'request.unknown-field',
    level: 'broken',
    looks: '400 or 422 that names an unknown parameter, e.g. `client_metadata`',
    cause: 'A strict hop refused something that Codex always sends.',
    fix: 'Let it ignore what it does not know: client_metadata, ids on input items, namespace, additional_tools, tools without a name, a null reasoning.',
    source: 'i-400; Codex has no setting that leaves these out',
    match: all(any(byStatus(400), byStatus(422)), bySaying(UNKNOWN_FIELD)),
  },
  {
    id: 'request.not-json',
    level: 'broken',
    looks: '400 that complains about invalid JSON',
    cause: 'The body that arrived was not JSON to that hop.',
    fix: 'Compare the two request legs: `tapedeck show … --leg upstream-request`.',
    source: 'RFC 9110 section 15.5.1',
    match: all(byStatus(400), bySaying(NOT_JSON)),
  },
  {
    id: 'request.too-large',
    level: 'broken',
    looks: '413',
    cause: 'The request is larger than a hop allows; sessions of Codex grow to megabytes.',
    fix: 'Raise the body limit there (nginx: client_max_body_size).',
    source: 'i-413',
    match: byStatus(413),
  },
  {
    id: 'request.media-type',
    level: 'broken',
    looks: '415',
    cause: 'The hop does not take this content type or coding.',
    fix: 'Let it accept application/json, and zstd where the request is coded.',
    source: 'i-415; RFC 9110 section 15.5.16',
    match: byStatus(415),
  },
  {
    id: 'request.refused',
    level: 'broken',
    looks: '400 or 422 for another reason',
    cause: 'The request was refused as invalid.',
    fix: 'Read what the answer says, and run `tapedeck validate` on the request.',
    source: 'i-400: Codex prints the body and gives up',
    match: any(byStatus(400), byStatus(422)),
  },
];

const DOUBLED = /\/v\d+\/v\d+\b|\/(responses|chat\/completions|messages)\/\1\b/;
const VERSIONED = /\/v\d+(?:beta)?(?:\/|$)|\/backend-api\//;

function isCoded({ request, sent }: ExchangeFacts): string | undefined {
  const coding = sent.coding ?? request.coding;
  return coding === undefined || coding === 'identity' ? undefined : `the request was ${coding}-coded`;
}

function noCredential(facts: ExchangeFacts): string {
  const dropped = facts.request.credential === 'none' ? '' : '; the client sent one, and it was lost on the way';
  return `no authorization header in the request that went upstream${dropped}`;
}

function path({ sent }: ExchangeFacts): string {
  return `the path was ${sent.path}`;
}
