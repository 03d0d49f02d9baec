import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { BatteryCase } from './cases.ts';

/** Programs that decode a coding from their standard input, by its name. */
const PROGRAMS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  zstd: ['zstd', '-q', '-d', '-c'],
  gzip: ['gzip', '-d', '-c'],
  'x-gzip': ['gzip', '-d', '-c'],
};

/** What the reference program says of all bodies of a case; `-` where there is none. */
export async function askReference(entry: BatteryCase): Promise<string> {
  const program = PROGRAMS[entry.coding ?? ''];
  if (program === undefined) return '-';
  const answers = new Map<string, number>();
  const bodies = await entry.bodies();
  for (const body of bodies) {
    const answer = await run(program, body);
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
  if (bodies.length === 1) return [...answers.keys()].join();
  return [...answers].map(([answer, count]) => `${answer} (${count})`).join(', ');
}

async function run([command, ...args]: readonly [string, ...string[]], body: Uint8Array): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let size = 0;
  let message = '';
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    message += chunk;
  });
  // The program may end before it has read all.
  child.stdin.on('error', () => {});
  child.stdin.end(body);
  const [code] = await once(child, 'close');
  return code === 0 ? `${size} bytes` : `refuses: ${shorten(message)}`;
}

/** The first line of what the program says, without its own name and that of the input. */
function shorten(message: string): string {
  const [first = ''] = message.trim().split('\n');
  return first
    .replace(/^(?:zstd|gzip): /, '')
    .replace(/^(?:\/\*stdin\*\\|stdin)\s*: /, '')
    .trim();
}
