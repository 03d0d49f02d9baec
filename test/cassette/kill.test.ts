import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { legOf } from '../../src/cassette/legs.ts';
import { recoverJournals } from '../../src/cassette/recovery.ts';
import { HEADER, readAll, temporaryFolder } from './support/scripted.ts';

/**
 * TAPEDECK_KILLS=200 is for a quiet machine of one's own, where the promised times are held to. Among other tests a thread or a
 * disk may have to wait for longer than that, and only the order of magnitude is looked at.
 */
const ASKED = process.env.TAPEDECK_KILLS;
const KILLS = Number(ASKED ?? 7);
const CLOSED_MS = ASKED ? 50 : 750;
const RUNNING_MS = ASKED ? 250 : 1000;
const CHILD = fileURLToPath(new URL('./support/kill-child.ts', import.meta.url));
const CHUNKS = 12;

/** What a killed child had said. */
interface Heard {
  opened: Map<number, number>;
  chunks: Map<number, number[]>;
  closed: Map<number, number>;
  /** Its last sign of life, unix milliseconds: a process that gets no processor cannot write either. */
  last: number;
}

/** Starts a recording and kills it, with a signal that cannot be caught, after its `lines`-th line. */
async function recordAndKill(path: string, seed: number, lines: number, ownThread: boolean): Promise<Heard> {
  const args = ['--import', 'tsx', CHILD, path, JSON.stringify(HEADER), String(seed), String(ownThread)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const heard: Heard = { opened: new Map(), chunks: new Map(), closed: new Map(), last: 0 };
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    hear(heard, line);
    count += 1;
    if (count === lines) child.kill('SIGKILL');
  }
  expect((await ended)[1]).toBe('SIGKILL');
  return heard;
}

function hear(heard: Heard, line: string): void {
  const [word, ...numbers] = line.split(' ');
  const [n = 0] = numbers.map(Number);
  heard.last = Number(numbers.at(-1));
  if (word === 'open') heard.opened.set(n, heard.last);
  if (word === 'close') heard.closed.set(n, heard.last);
  if (word === 'chunk') heard.chunks.set(n, [...(heard.chunks.get(n) ?? []), heard.last]);
}

describe('a recording that is killed', () => {
  it.each([
    ['here', false, KILLS],
    ['in a thread of its own', true, Math.ceil(KILLS / 3)],
  ])(
    `loses nothing that ended ${CLOSED_MS} ms before, and ${RUNNING_MS} ms of what was running (written %s)`,
    async (_, ownThread, kills) => {
      let checked = 0;
      for (let kill = 1; kill <= kills; kill++) {
        const path = join(temporaryFolder(), 'x.har');
        const heard = await recordAndKill(path, kill, (ASKED ? 40 : 900) + ((kill * 7919) % 900), ownThread);
        const [recovery] = await recoverJournals(path);
        expect(recovery).toMatchObject({ outcome: 'recovered', path });
        expect(await readdir(join(path, '..'))).toEqual(['x.har']);
        const exchanges = new Map((await readAll(path)).exchanges.map((exchange) => [exchange.seq, exchange]));
        for (const [n, at] of heard.opened) {
          const where = `kill ${kill}, exchange ${n}`;
          const exchange = exchanges.get(n);
          if (at < heard.last - RUNNING_MS) expect(exchange, where).toBeDefined();
          const told = heard.chunks.get(n) ?? [];
          const text = exchange && legOf(exchange, 'client-response')?.body?.text;
          const kept = text ? text.split('\n\n').length - 1 : 0;
          // What is there is a beginning of what was said, in order.
          expect(text ?? '', where).toBe(eventsOf(n, kept));
          expect(kept, where).toBeLessThanOrEqual(told.length);
          expect(kept, where).toBeGreaterThanOrEqual(told.filter((time) => time < heard.last - RUNNING_MS).length);
          const closedAt = heard.closed.get(n);
          if (closedAt === undefined) expect(exchange?.outcome ?? 'recorder-killed', where).toBe('recorder-killed');
          if (closedAt === undefined || closedAt >= heard.last - CLOSED_MS) continue;
          checked += 1;
          expect([exchange?.outcome, kept], where).toEqual(['complete', CHUNKS]);
          expect(JSON.parse(legOf(exchange!, 'client-request')?.body?.text ?? ''), where).toMatchObject({ n });
        }
      }
      expect(checked).toBeGreaterThan(0);
    },
    KILLS * 10_000,
  );
});

function eventsOf(n: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `data: {"n":${n},"k":${i + 1}}\n\n`).join('');
}
