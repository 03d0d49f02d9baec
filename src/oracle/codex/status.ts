import { parseJson } from '../../decode/json.ts';
import { concatBytes, fromUtf8 } from '../../util/bytes.ts';
import { headerValue } from '../../util/headers.ts';
import { hasChange } from './drift.ts';
import { asFields } from './items.ts';
import { highDemand, statusText, TEXT, usageLimit } from './messages.ts';
import type { CodexAnswer, CodexSettings, CodexVerdict } from './types.ts';
import { fail, type Ruling, retryRequest, retryStream } from './verdict.ts';

/** What an error body says, in OpenAI's shape or as plain text. */
interface ErrorBody {
  text: string;
  code: string | undefined;
  message: string | undefined;
}

interface Context {
  version: string;
  answer: CodexAnswer;
  settings: CodexSettings;
  body: ErrorBody;
}

/** Statuses with a rule of their own; the others go by their hundred. Measured, scenarios i-4xx and i-5xx. */
const BY_STATUS: Record<number, (context: Context) => CodexVerdict> = {
  307: followRedirect,
  308: followRedirect,
  400: judgeBadRequest,
  401: judgeUnauthorized,
  404: judgeNotFound,
  429: judgeTooMany,
  500: judgeServerError,
  503: judgeUnavailable,
};

/** What Codex does with an answer whose status is not a success. */
export function judgeStatus(version: string, answer: CodexAnswer, settings: CodexSettings): CodexVerdict {
  const context = { version, answer, settings, body: readErrorBody(answer) };
  const rule = BY_STATUS[answer.status];
  if (rule) return rule(context);
  return answer.status >= 500 ? retryRequest(settings, unexpected(context, 'codex.http.5xx')) : judgeOther(context);
}

function judgeOther(context: Context): CodexVerdict {
  return retryStream(context.settings, unexpected(context, 'codex.http.4xx'));
}

function followRedirect({ answer, settings }: Context): CodexVerdict {
  const ruling = {
    rule: 'codex.http.redirect',
    reason: `${answer.status}: the request is sent again to the new place`,
  };
  return {
    action: 'retry',
    ...ruling,
    retry: { layer: 'request', requests: 1 + settings.requestRetries, delayMs: 0 },
    items: [],
  };
}

function judgeBadRequest({ body }: Context): CodexVerdict {
  return fail({
    rule: 'codex.http.400',
    reason: '400 is final: Codex prints the body and gives up',
    message: body.text,
  });
}

function judgeUnauthorized(context: Context): CodexVerdict {
  const { settings, version } = context;
  if (settings.refreshableToken && hasChange(version, 'refreshes-token')) {
    const reason = '401 with a token that can be renewed: Codex fetches a new one and repeats at once';
    return {
      action: 'retry',
      rule: 'codex.http.401-refresh',
      reason,
      retry: { layer: 'request', requests: 2 + settings.streamRetries, delayMs: 0 },
      items: [],
    };
  }
  return retryStream(settings, unexpected(context, 'codex.http.401'));
}

function judgeNotFound(context: Context): CodexVerdict {
  const { body, version } = context;
  if (body.code !== 'model_not_found' || !hasChange(version, 'model-not-found-is-final')) return judgeOther(context);
  return fail({
    rule: 'codex.http.model-not-found',
    reason: '404 model_not_found is final',
    message: body.message ?? body.text,
  });
}

function judgeTooMany(context: Context): CodexVerdict {
  const { body, version, settings } = context;
  const code = body.code ?? '';
  if (code === 'usage_limit_reached') {
    return fail({
      rule: 'codex.http.429-usage-limit',
      reason: 'the plan is used up; Codex does not repeat',
      message: usageLimit(version),
    });
  }
  if (code === 'insufficient_quota' && hasChange(version, 'names-quota-on-429')) {
    return fail({
      rule: 'codex.http.429-quota',
      reason: 'the quota is used up; Codex does not repeat',
      message: TEXT.quota,
    });
  }
  const message = `exceeded retry limit, last status: ${statusText(429)}${requestId(context.answer)}`;
  if (!hasChange(version, 'obeys-retry-after')) {
    return fail({ rule: 'codex.http.429-final', reason: 'this version gives up at the first 429', message });
  }
  const delayMs = retryAfterMs(context);
  if (delayMs === undefined) {
    const reason = 'a 429 without a retry-after header is final; retry-after-ms does not count';
    return fail({ rule: 'codex.http.429-no-retry-after', reason, message });
  }
  return retryStream(
    settings,
    { rule: 'codex.http.429-retry-after', reason: 'Codex waits and repeats', message },
    delayMs,
  );
}

function judgeServerError({ version, settings }: Context): CodexVerdict {
  const reason = '500 is repeated in both layers; Codex shows a text of its own instead of the body';
  return retryRequest(settings, { rule: 'codex.http.500', reason, message: highDemand(version) });
}

function judgeUnavailable(context: Context): CodexVerdict {
  const { settings, body, version } = context;
  const delayMs = hasChange(version, 'obeys-retry-after') ? retryAfterMs(context) : undefined;
  const delay = delayMs === undefined ? {} : { delayMs };
  if (body.code === 'server_is_overloaded') {
    const reason = 'server_is_overloaded is repeated by the request layer only, then final';
    const ruling = { rule: 'codex.http.overloaded', reason, message: TEXT.atCapacity };
    return retryRequest(settings, ruling, { ...delay, isFinal: true });
  }
  return retryRequest(settings, unexpected(context, 'codex.http.5xx'), delay);
}

/** "unexpected status 401 Unauthorized: …, url: …, request id: …"; the URL is not part of an answer and left out. */
function unexpected({ answer, body }: Context, rule: string): Ruling {
  const layer = answer.status >= 500 ? 'both layers' : 'the stream layer';
  return {
    rule,
    reason: `${answer.status} is repeated by ${layer}`,
    message: `unexpected status ${statusText(answer.status)}: ${body.message ?? body.text}${requestId(answer)}`,
  };
}

function requestId(answer: CodexAnswer): string {
  const id = headerValue(answer.headers, 'x-request-id');
  return id === undefined ? '' : `, request id: ${id}`;
}

function readErrorBody(answer: CodexAnswer): ErrorBody {
  const text = fromUtf8(concatBytes(answer.chunks.map((chunk) => chunk.data)));
  const parsed = parseJson(text);
  const error = parsed.ok ? asFields(asFields(parsed.value)?.error) : undefined;
  // OpenAI's quota and plan errors carry the name in `type`, most others in `code`.
  const code = [error?.code, error?.type].find((name) => typeof name === 'string');
  return {
    text: text.trim(),
    code: typeof code === 'string' ? code : undefined,
    message: typeof error?.message === 'string' ? error.message : undefined,
  };
}

/** `retry-after` in milliseconds: seconds, or an HTTP date counted from the answer's own `date` (RFC 9110 10.2.3). */
function retryAfterMs({ answer, settings }: Context): number | undefined {
  const value = headerValue(answer.headers, 'retry-after')?.trim();
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  if (Number.isNaN(at)) return undefined;
  const date = Date.parse(headerValue(answer.headers, 'date') ?? '');
  const now = settings.nowMs ?? (Number.isNaN(date) ? at : date);
  return Math.max(0, at - now);
}
