import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('memory-child.ts', import.meta.url));

/** What decoding one body did to the memory of a process that does nothing else. */
export interface Growth {
  /** Peak of the resident memory above what it was before, in MiB; the coded body is in memory before and not counted. */
  mib: number;
  /** Decoded bytes; undefined when the body was refused. */
  decoded: number | undefined;
}

export interface CodedBody {
  bytes: Uint8Array;
  coding: string;
}

/**
 * Decodes the bodies with `LIMITS.request` in a process that does nothing else, one after the other with a garbage
 * collection between. What a body leaves to be used again is not seen to grow for the next, so bombs are measured alone.
 */
export async function measureGrowth(bodies: readonly CodedBody[]): Promise<Growth[]> {
  const flags = ['--expose-gc', '--max-old-space-size=64', '--import', 'tsx'];
  const child = spawn(process.execPath, [...flags, CHILD], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const sizes = bodies.map(({ bytes, coding }) => ({ size: bytes.length, coding }));
  child.stdin.write(`${JSON.stringify(sizes)}\n`);
  for (const { bytes } of bodies) child.stdin.write(bytes);
  child.stdin.end();
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the measuring process ended with ${code}`);
  return JSON.parse(text) as Growth[];
}
