import { formatCount } from '../format.ts';
import type { Receipt } from './model.ts';

/** What a run really used, in words. */
export function receiptText({ served, denied }: Receipt): string {
  const network = denied === 0 ? 'no connection' : `${formatCount(denied, 'connection')} denied`;
  return `${formatCount(served, 'recorded call')} served, ${network} outside loopback`;
}
