import { parseJson } from '../../decode/json.ts';
import type { SeenEvent } from './events.ts';

/** An error as an answer tells it, in whatever shape. */
export interface AnswerError {
  /** `code`, else `type`; empty when neither is given. */
  code: string;
  message: string;
}

type Fields = Record<string, unknown>;

/** Members of a JSON object; an empty object for anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/**
 * The error in an answer: of a JSON body (`error` object or text, `detail`, `message`), or of the stream's first event that
 * tells one (`error`, `response.failed`, `response.incomplete`, a chat-style error object).
 */
export function readAnswerError(text: string, events: readonly SeenEvent[]): AnswerError | undefined {
  for (const event of events) {
    const error = errorIn(fieldsOf(event.json), true);
    if (error) return error;
  }
  const parsed = events.length === 0 ? parseJson(text) : undefined;
  return parsed?.ok ? errorIn(fieldsOf(parsed.value), false) : undefined;
}

function errorIn(fields: Fields, isEvent: boolean): AnswerError | undefined {
  const response = fieldsOf(fields.response);
  const found = fields.error ?? (fields.type === 'response.failed' ? response.error : undefined);
  if (typeof found === 'string') return { code: '', message: found };
  const details = fieldsOf(response.incomplete_details);
  if (typeof details.reason === 'string') return { code: details.reason, message: '' };
  const error = fieldsOf(found);
  if (Object.keys(error).length > 0) return toError(error);
  if (fields.type === 'error') return toError(fields);
  // FastAPI and others answer {"detail": …}, some gateways {"message": …}.
  const plain = isEvent ? undefined : (fields.detail ?? fields.message);
  return plain === undefined
    ? undefined
    : { code: '', message: typeof plain === 'string' ? plain : JSON.stringify(plain) };
}

function toError(error: Fields): AnswerError {
  const named = [error.code, error.type].find((name) => typeof name === 'string' && name !== 'error');
  const message = typeof error.message === 'string' ? error.message : '';
  return { code: typeof named === 'string' ? named : '', message };
}
