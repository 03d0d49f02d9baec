/** Reads bodies from stdin, decodes them and prints a list of `Growth` as JSON. Started by memory.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { decodeBody, encodeBody } from '../../../src/decode/body.ts';
import { LIMITS } from '../../../src/decode/limits.ts';
import type { Growth } from './memory.ts';

const MIB = 1024 * 1024;
const SETTLE_MS = 5;

const input = new Uint8Array(readFileSync(0));
const headerEnd = input.indexOf(0x0a);
const sizes = JSON.parse(new TextDecoder().decode(input.subarray(0, headerEnd))) as { size: number; coding: string }[];
const growths: Growth[] = [];
let at = headerEnd + 1;
await warmUp();
for (const { size, coding } of sizes) {
  growths.push(await measure(input.subarray(at, at + size), coding));
  at += size;
}
console.log(JSON.stringify(growths));

async function measure(bytes: Uint8Array, coding: string): Promise<Growth> {
  const before = await settle();
  forgetPeak();
  const result = await decodeBody(bytes, coding, LIMITS.request);
  return { mib: Math.max(0, peak() - before) / MIB, decoded: result.ok ? result.bytes.length : undefined };
}

/** Code that is loaded and compiled with the first body is not growth. */
async function warmUp(): Promise<void> {
  for (const name of ['gzip', 'deflate', 'br', 'zstd']) {
    const coded = await encodeBody(new Uint8Array(100_000), [name]);
    for (const limit of [100_000, 50_000, 10]) await decodeBody(coded, name, { coded: MIB, decoded: limit });
  }
}

/** Collects garbage until the resident memory falls no more: pages are given back by threads beside this one. */
async function settle(): Promise<number> {
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    globalThis.gc?.();
    await setTimeout(SETTLE_MS);
    const now = process.memoryUsage.rss();
    if (now > before - MIB / 4) return now;
    before = now;
  }
}

/** On Linux the peak can be set back; elsewhere that of the start stays, and growth below it shows as none. */
function forgetPeak(): void {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
}

/** In bytes. What Linux tells by getrusage is no less than the parent had when it started this process. */
function peak(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kib = '0'] = readFileSync('/proc/self/status', 'utf8').match(/^VmHWM:\s+(\d+) kB$/m) ?? [];
  return Number(kib) * 1024;
}
