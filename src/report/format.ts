/** Numbers for people. */

/** `1,234`. */
export function formatNumber(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `1 event`, `2 events`, `3 reads`. */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatNumber(count)} ${count === 1 ? noun : plural}`;
}

/** Sizes of bodies in powers of ten: `417 B`, `12.3 KB`, `1.20 MB`; `?` for the -1 that HAR writes for unknown. */
export function formatBytes(bytes: number): string {
  if (bytes < 0) return '?';
  return scaled(bytes, 1000, ['B', 'KB', 'MB', 'GB']);
}

/** Sizes of buffers in powers of two: `2 MiB`. */
export function formatBinary(bytes: number): string {
  return scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB']).replace(/\.0+ /, ' ');
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let unit = 0;
  let rest = value;
  // 999.95 would be printed as 1000.0: it belongs to the next unit.
  while (unit < units.length - 1 && rest >= (unit === 0 ? step : step - 0.05)) {
    rest /= step;
    unit++;
  }
  return unit === 0 ? `${rest} ${units[0]}` : `${rest.toFixed(unit > 1 && rest < 9.995 ? 2 : 1)} ${units[unit]}`;
}

/** Durations: `0.4 ms`, `17 ms`, `1.24 s`, `2 min 05 s`. */
export function formatMs(ms: number): string {
  if (ms < 9.95 && !Number.isInteger(ms)) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_995) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
