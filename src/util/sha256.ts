import { hash } from 'node:crypto';

/** SHA-256 in lower-case hex; of a string, that of its UTF-8. */
export function sha256Hex(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex');
}
