import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Check } from '../../../src/conformance/check.ts';
import { createDeskRoom } from '../../../src/conformance/harness/desk.ts';
import { type JudgeOptions, judgeJobs } from '../../../src/conformance/harness/judge.ts';
import type { Tried } from '../../../src/conformance/harness/try-check.ts';
import type { Job } from '../../../src/conformance/run.ts';

const closed: (() => void)[] = [];

afterEach(() => {
  for (const close of closed.splice(0)) close();
});

/** A gateway that never answers what fits, and all else at once. */
async function gateway(silent: RegExp): Promise<string> {
  const server = createServer((request, response) => {
    if (!silent.test(request.url ?? '')) response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closed.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const CHECK: Check = {
  ...{ id: 'wire.made.up', revision: 1, requirement: 'Made up.', source: 'made up', level: 'must' },
  ...{ profiles: ['codex'], needs: 'gateway', clients: ['responses'] },
  run: async (t) => void (await (await t.call({ path: '/slow', body: {} })).bytes()),
};

const WELL: Tried = { verdict: 'pass', faults: [], notes: [], late: false, observed: [] };

async function judge(silent: RegExp) {
  return judgeAt(await gateway(silent), CHECK);
}

async function judgeAt(baseUrl: string, check: Check) {
  const [result] = await judgeJobs([jobOf(check)], optionsAt(baseUrl));
  return result!;
}

function jobOf(check: Check): Job {
  return { check, route: { client: 'responses', model: 'm' }, routed: true };
}

function optionsAt(baseUrl: string): JudgeOptions {
  return {
    ground: {
      ...{ name: 'gateway', baseUrl, key: undefined, extraHeaders: {}, timeoutMs: 400, seed: 's' },
      room: createDeskRoom(true),
    },
    control: { try: async () => WELL, close: async () => {} },
    keep: async ({ result }) => result,
    ...{ concurrency: 1, bail: false, canary: undefined },
  };
}

describe('something that did not come in time', () => {
  it('is a failure where the gateway answers a plain request right after it', async () => {
    expect(await judge(/slow/)).toMatchObject({ verdict: 'fail', control: 'pass' });
  });

  it('proves nothing where the gateway answers nothing at all in time', async () => {
    const { verdict, reason } = await judge(/./);
    expect(verdict).toBe('inconclusive');
    expect(reason).toContain('too slow here to be judged by the clock');
  });
});

describe('what was exchanged', () => {
  it('is handed over as soon as a check is judged, before the next one is tried', async () => {
    const log: string[] = [];
    const made = (id: string, verdict: 'pass' | 'fail', alone: Partial<Check>): Job =>
      jobOf({
        ...CHECK,
        ...{ id, ...alone },
        run: async (t) => {
          log.push(`try ${id}`);
          t.expect((await t.call({ body: {} })).status === 200 && verdict === 'pass', 'made up');
        },
      });
    const alone = { alone: 'unmarked' } as const;
    const jobs = [made('last', 'pass', alone), made('beside', 'fail', {}), made('other', 'fail', alone)];
    const results = await judgeJobs(jobs, {
      ...optionsAt(await gateway(/slow/)),
      keep: async ({ result, observed }) => {
        log.push(`keep ${result.check}, ${observed.length}`);
        return { ...result, notes: ['kept'] };
      },
    });
    // What fails is tried once more, and then with other headers.
    expect(log).toEqual([
      ...['try beside', 'try beside', 'try beside', 'keep beside, 1'],
      ...['try last', 'keep last, 1'],
      ...['try other', 'try other', 'try other', 'keep other, 1'],
    ]);
    expect(results.map(({ check, verdict, notes }) => [check, verdict, notes])).toEqual([
      ['last', 'pass', ['kept']],
      ['beside', 'fail', ['kept']],
      ['other', 'fail', ['kept']],
    ]);
  });
});

describe('the note that a failure depends on what the client says it is', () => {
  const SUCCEEDS: Check = {
    ...CHECK,
    run: async (t) => void t.expect((await t.call({ body: {} })).status === 200, 'it was refused'),
  };

  /** Answers the n-th request, counted from 1, with 200 or 400; gives back what the notes of the failure are. */
  async function notesOf(answers: (n: number, userAgent: string) => boolean): Promise<string[]> {
    let n = 0;
    const server = createServer((request, response) => {
      response.writeHead(answers(++n, request.headers['user-agent'] ?? '') ? 200 : 400).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closed.push(() => void server.close());
    const { verdict, notes = [] } = await judgeAt(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
      SUCCEEDS,
    );
    expect(verdict).toBe('fail');
    return notes;
  }

  it('is made where that holds each time', async () => {
    const [note, ...others] = await notesOf((_, userAgent) => !userAgent.includes('codex'));
    expect(note).toMatch(/^It passed 3 times of 3 with headers that name no client, and failed each time in between/);
    expect(others).toEqual([]);
  });

  it.each([
    ['the first time and not again', [3]],
    ['twice and not the third time', [3, 5]],
  ])('is not made where headers that name no client help %s', async (_, passing) => {
    expect(await notesOf((n) => passing.includes(n))).toEqual([]);
  });

  it('is not made where the usual headers help as well', async () => {
    expect(await notesOf((n) => n > 2)).toEqual(['It does not fail every time: tried more often, it passed as well.']);
  });

  it('is not made where nothing helps', async () => {
    expect(await notesOf(() => false)).toEqual([]);
  });
});
