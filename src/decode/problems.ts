import type { DecodeProblem } from './types.ts';

/** Said of an empty body whose header names a coding. */
export const NO_CODED_BODY = 'the header names the coding, but there is no coded body';

/** The coded bytes are damaged, cut off, or followed by something else (400). */
export function corrupt(coding: string, what: string, offset?: number): DecodeProblem {
  const place = offset === undefined ? '' : ` at byte ${offset} of the coded body`;
  const message = `${coding}: ${what}${place}`;
  return { code: 'coding-corrupt', status: 400, message, coding, ...(offset === undefined ? {} : { offset }) };
}

/** More bytes, or a costlier coding, than the limits allow (413). */
export function tooLarge(coding: string, what: string, offset?: number): DecodeProblem {
  const message = `${coding}: ${what}`;
  return { code: 'body-too-large', status: 413, message, coding, ...(offset === undefined ? {} : { offset }) };
}

/** A size for people: `64 MiB`, `1.5 KiB`, `17 bytes`. */
export function formatSize(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  if (bytes < 1024) return `${bytes} bytes`;
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${Number(size.toFixed(1))} ${units[unit]}`;
}
