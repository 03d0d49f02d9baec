import type { Protocol, RawHeaders } from '../../util/types.ts';

/** What takes the place of whatever the client sent: a key of the user's, or nothing. */
export interface Credentials {
  key: string | undefined;
}

/** Every field that a client's credentials may stand in; none of them goes upstream beside the replacing key. */
const CREDENTIAL_FIELDS = new Set(['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'chatgpt-account-id']);

/** Headers with the client's credentials taken out and the user's key put in, as the protocol wants it. */
export function withCredentials(headers: RawHeaders, credentials: Credentials, protocol: Protocol | null): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (CREDENTIAL_FIELDS.has((headers[i] as string).toLowerCase())) continue;
    kept.push(headers[i] as string, headers[i + 1] as string);
  }
  if (credentials.key === undefined) return kept;
  if (protocol === 'messages') kept.push('x-api-key', credentials.key);
  else kept.push('authorization', `Bearer ${credentials.key}`);
  return kept;
}
