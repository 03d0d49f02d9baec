/**
 * Where a credential may stand: one table for every place that the supported providers and gateways accept one in.
 * Headers, query parameters and JSON fields are compared without case; fields also with `_`, `-` or nothing between
 * their words and with any word before them (`apiKey`, `openai_api_key`).
 */
export interface CredentialRule {
  /** Word of the placeholder. */
  kind: string;
  headers?: readonly string[];
  query?: readonly string[];
  fields?: readonly string[];
}

export const ACCEPTED_CREDENTIALS: readonly CredentialRule[] = [
  {
    kind: 'authorization',
    headers: [
      'authorization',
      'proxy-authorization',
      'x-authorization',
      'x-forwarded-authorization',
      'cf-aig-authorization',
      'helicone-auth',
    ],
    query: ['authorization'],
    fields: ['authorization'],
  },
  {
    kind: 'api-key',
    // OpenAI and Anthropic take authorization / x-api-key; Azure api-key; Google x-goog-api-key; the rest are gateways.
    headers: [
      'x-api-key',
      'api-key',
      'apikey',
      'x-goog-api-key',
      'ocp-apim-subscription-key',
      'openai-api-key',
      'anthropic-api-key',
      'x-litellm-api-key',
      'x-portkey-api-key',
      'x-portkey-virtual-key',
      'x-auth-key',
      'x-functions-key',
    ],
    query: ['key', 'api_key', 'api-key', 'apikey', 'x-api-key', 'x-goog-api-key', 'subscription-key', 'code'],
    fields: ['api_key', 'subscription_key', 'virtual_key', 'master_key', 'access_key'],
  },
  {
    kind: 'token',
    headers: [
      'x-auth-token',
      'x-access-token',
      'x-csrf-token',
      'x-amz-security-token',
      'x-goog-iam-authorization-token',
    ],
    query: ['access_token', 'auth_token', 'id_token', 'refresh_token', 'token', 'x-amz-security-token', 'oauth_token'],
    fields: [
      'access_token',
      'refresh_token',
      'id_token',
      'auth_token',
      'bearer_token',
      'session_token',
      'security_token',
      'api_token',
      'oauth_token',
      'device_code',
      'code_verifier',
      'authorization_code',
      'client_assertion',
    ],
  },
  {
    kind: 'secret',
    query: ['client_secret', 'secret', 'client_assertion', 'code_verifier', 'authorization_code', 'device_code'],
    fields: ['secret', 'secret_key', 'secret_access_key', 'private_key', 'signing_key', 'encryption_key'],
  },
  { kind: 'password', query: ['password', 'passwd'], fields: ['password', 'passwd', 'passphrase'] },
  { kind: 'cookie', headers: ['cookie', 'set-cookie'], fields: ['session_cookie'] },
  { kind: 'signature', query: ['sig', 'signature', 'x-amz-signature', 'x-amz-credential', 'x-goog-signature'] },
  {
    // Not a key, but the name of the person or company that pays.
    kind: 'account',
    headers: [
      'chatgpt-account-id',
      'openai-organization',
      'openai-project',
      'anthropic-organization-id',
      'x-goog-user-project',
    ],
    fields: ['chatgpt_account_id', 'chatgpt_user_id'],
  },
];

/** Kinds whose fields are also replaced when the value is a JSON number. */
export const NUMERIC_KINDS: ReadonlySet<string> = new Set(['password', 'secret']);

/** Authentication schemes that are kept in front of the placeholder (RFC 9110 section 11.1 and what gateways use). */
export const SCHEMES = ['bearer', 'basic', 'token', 'digest', 'negotiate', 'apikey', 'api-key', 'aws4-hmac-sha256'];

const HEADER_KINDS = indexNames((rule) => rule.headers);
const QUERY_KINDS = indexNames((rule) => rule.query);
const CREDENTIAL_NAME = /key|token|secret|auth|session-?cookie|password|credential/;

/** Headers whose name sounds like a credential and whose value is none; codex headers by version 0.169. */
const HARMLESS_HEADER =
  /^(?:sec-websocket-.*|x-codex-.*|session-id|thread-id|x-client-request-id|idempotency-key|x-idempotency-key|.*ratelimit.*|.*-authenticate|:?authority|access-control-.*|x-stainless-.*)$/;

/**
 * The kind that a header's value is replaced as, or undefined when it is kept (and searched for patterns).
 * Unknown headers count when the name sounds like a credential and the value looks like one.
 */
export function headerKind(name: string, value: string): string | undefined {
  const lower = name.toLowerCase();
  const known = HEADER_KINDS.get(lower);
  if (known !== undefined) return known;
  if (!CREDENTIAL_NAME.test(lower) || HARMLESS_HEADER.test(lower)) return undefined;
  return looksLikeCredential(splitScheme(value).value) ? 'credential' : undefined;
}

/** The kind that a query or form parameter's value is replaced as. `code` and `key` count only with a long value. */
export function queryKind(name: string, value: string): string | undefined {
  const lower = name.toLowerCase();
  if ((lower === 'code' || lower === 'key' || lower === 'token' || lower === 'sig') && value.length < 12)
    return undefined;
  return QUERY_KINDS.get(lower);
}

/** Cuts `Bearer x` into scheme (with its blank) and value. */
export function splitScheme(value: string): { scheme: string; value: string } {
  const match = /^([A-Za-z][A-Za-z0-9-]*) +(?=\S)/.exec(value);
  if (match === null || !SCHEMES.includes(match[1]!.toLowerCase())) return { scheme: '', value };
  return { scheme: match[0], value: value.slice(match[0].length) };
}

/** One long word with letters and digits, and neither a date nor an address nor JSON. */
export function looksLikeCredential(value: string): boolean {
  if (value.length < 12 || !/^[!#-[\]-z|~]+$/.test(value) || isDummy(value)) return false;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value) || /^\d{4}-\d\d-\d\dT/.test(value)) return false;
  return /[A-Za-z]/.test(value) && /\d/.test(value);
}

const DUMMY_WORDS = new Set(
  (
    'string number integer boolean object array null none nil true false undefined any unknown required optional default ' +
    'empty dummy test testing example sample placeholder fake stub mock redacted hidden masked secret password token key ' +
    'anything something nothing not-needed not-used not-required unused ignored no-key no-key-required sk-no-key-required ' +
    'ollama lm-studio local localhost changeme change-me replace-me your-key your-api-key api-key api_key apikey dummy-key test-key ' +
    'sk-1234 bearer basic enabled disabled authorization'
  ).split(' '),
);
const DUMMY_SHAPES = [
  /^(?:sk-(?:proj-|ant-)?)?([*.x_0-])\1*$/i,
  // Variables of shells, templates and programs, alone or as user and password.
  /^(?:\$\{[^}]*\}|\{\{[^}]*\}\}|\$\([^)]*\)|\$\w+|%\w+%|<[^<>]*>|:)+$/,
  /^(?:process|os|env|import|self|this|config|settings|options|args|sys|std|req|request|response|ctx)\.[A-Za-z_.]\w*(?:\.\w+)*$/,
  // Masked: `sk-...`, `sk-a***9f3d`; \xe2\x80\xa6 is an ellipsis.
  /^[A-Za-z0-9_-]{0,12}(?:\.{3}|\*{3,}|\xe2\x80\xa6)[A-Za-z0-9_-]{0,4}$/,
  /^(?:sk-)?(?:your|insert|enter|replace)[-_ A-Za-z]*$/i,
  /^\[elided:/,
];

/** Words and shapes that stand for a credential in examples, and hold none. */
export function isDummy(value: string): boolean {
  return DUMMY_WORDS.has(value.toLowerCase()) || DUMMY_SHAPES.some((shape) => shape.test(value));
}

function indexNames(pick: (rule: CredentialRule) => readonly string[] | undefined): Map<string, string> {
  const kinds = new Map<string, string>();
  for (const rule of ACCEPTED_CREDENTIALS) for (const name of pick(rule) ?? []) kinds.set(name, rule.kind);
  return kinds;
}
