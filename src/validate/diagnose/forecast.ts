import { seconds } from './ending.ts';
import type { Forecast } from './types.ts';

const TELL: Record<Forecast['action'], (forecast: Forecast) => string[]> = {
  accept: ({ client }) => [`${client} takes this answer.`],
  fail: ({ client, message }) => [`${client} gives up at once with exit code 1${saying(message)}`],
  hang: ({ client, reason }) => [`${client} waits and does not end by itself: ${reason}.`],
  silent: ({ client, kind, reason }) => [
    kind === 'models'
      ? `${client} logs it and goes on without the list: ${reason}.`
      : `${client} ends with exit code 0 and shows nothing, no error either: ${reason}.`,
  ],
  retry: tellRetry,
};

/** What the client does next, in sentences. */
export function tellForecast(forecast: Forecast): string[] {
  const lines = TELL[forecast.action](forecast);
  for (const remark of forecast.remarks) lines.push(`${remark.item}: ${remark.reason} (${remark.rule}).`);
  return lines;
}

function tellRetry({ client, pauses, message, rule }: Forecast): string[] {
  if (rule === 'codex.http.redirect') return [`${client} follows the redirect and sends the request again.`];
  if (rule === 'codex.http.401-refresh') return [`${client} fetches a new token and sends the request again at once.`];
  const total = pauses.reduce((sum, pause) => sum + pause, 0);
  const shown = pauses.length > 6 ? '' : `, pausing ${pauses.map(seconds).join(', ')}`;
  const times = pauses.length === 1 ? 'once' : `${pauses.length} times`;
  return [
    `${client} sends the same request again, up to ${times} within about ${seconds(total)}${shown}.`,
    `If every answer is like this one it ends with exit code 1${saying(message)}`,
  ];
}

function saying(message: string | undefined): string {
  return message === undefined ? '.' : `: "${message}"`;
}
