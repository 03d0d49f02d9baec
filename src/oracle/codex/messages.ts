import { hasChange } from './drift.ts';

/** Texts that Codex prints, by version where they differ. Measured; see fixtures/oracle. */

/** "We're" in older versions, "We’re" in newer ones. */
function apostrophe(version: string, text: string): string {
  return hasChange(version, 'typographic-texts') ? text.replaceAll("'", '’') : text;
}

export const TEXT = {
  contextLength:
    "Codex ran out of room in the model's context window. Start a new thread or clear earlier history before retrying.",
  quota: 'Quota exceeded. Check your plan and billing details.',
  atCapacity: 'Selected model is at capacity. Please try a different model.',
  streamClosed: 'stream closed before response.completed',
  idle: 'idle timeout waiting for SSE',
  bodyBroke: 'Transport error: network error: error decoding response body',
  failedEvent: 'response.failed event received',
} as const;

/** How every stream error that is worth a repeat is printed. */
export function disconnected(text: string): string {
  return `stream disconnected before completion: ${text}`;
}

export function highDemand(version: string): string {
  return apostrophe(version, "We're currently experiencing high demand, which may cause temporary errors.");
}

/** Beginning of the text for a ChatGPT plan that is used up; it goes on with a link and a time. */
export function usageLimit(version: string): string {
  return apostrophe(version, "You've hit your usage limit.");
}

/** Newer versions do not name the URL. */
export function cannotSend(version: string, url: string): string {
  return hasChange(version, 'waits-for-network') ? 'error sending request' : `error sending request for url (${url})`;
}

const REASONS: Record<number, string> = {
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** `401 Unauthorized`, `529 <unknown status code>`. */
export function statusText(status: number): string {
  return `${status} ${REASONS[status] ?? '<unknown status code>'}`;
}
