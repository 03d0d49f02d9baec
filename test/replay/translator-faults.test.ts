import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { replayFile } from '../../src/replay/suite.ts';
import type { ReplayOptions } from '../../src/report/results/model.ts';
import { recordHardTurn } from './faults/record.ts';
import { type Planted, TRANSLATOR_FAULTS } from './faults/translators.ts';

const planted = vi.hoisted((): { now: Planted } => ({ now: {} }));

vi.mock('../../src/proxy/translated/pass.ts', async (original) => {
  const real = await original<typeof import('../../src/proxy/translated/pass.ts')>();
  const passTranslated: typeof real.passTranslated = (...args) => {
    const passing = real.passTranslated(...args);
    return passing && planted.now.passing ? planted.now.passing(passing) : passing;
  };
  return { ...real, passTranslated };
});

vi.mock('../../src/proxy/translated/request.ts', async (original) => {
  const real = await original<typeof import('../../src/proxy/translated/request.ts')>();
  const prepareRequest: typeof real.prepareRequest = (...args) => {
    const prepared = real.prepareRequest(...args);
    return 'problem' in prepared || !planted.now.request ? prepared : planted.now.request(prepared);
  };
  return { ...real, prepareRequest };
});

vi.mock('../../src/decode/body.ts', async (original) => {
  const real = await original<typeof import('../../src/decode/body.ts')>();
  const decodeBody: typeof real.decodeBody = async (...args) => {
    const result = await real.decodeBody(...args);
    return planted.now.decode ? planted.now.decode(result) : result;
  };
  const createBodyDecoder: typeof real.createBodyDecoder = (...args) => {
    const decoder = real.createBodyDecoder(...args);
    const change = planted.now.piece ?? ((bytes: Uint8Array) => bytes);
    return { push: async (chunk) => change(await decoder.push(chunk)), end: () => decoder.end() };
  };
  return { ...real, decodeBody, createBodyDecoder };
});

const OPTIONS: ReplayOptions = { profiles: ['codex', 'tolerant'], splits: 'fast', strict: false, bail: false };

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-faults-'));
  await recordHardTurn(join(folder, 'hard.har'));
});

afterEach(() => {
  planted.now = {};
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function failures(): Promise<{ check: string; says: string }[]> {
  const { exchanges, unreadable } = await replayFile(
    { path: join(folder, 'hard.har'), name: 'hard.har' },
    { options: OPTIONS },
  );
  expect(unreadable).toBeUndefined();
  return exchanges.flatMap(({ results }) =>
    results.flatMap(({ check, failures: own = [] }) =>
      own.map(({ message, pointer }) => ({ check, says: `${message} ${pointer}` })),
    ),
  );
}

describe('a fault in a translator or a decoder', () => {
  it('there is none as it is', async () => {
    expect(await failures()).toEqual([]);
  });

  it.each(TRANSLATOR_FAULTS.map((fault) => [fault.name, fault] as const))('%s is caught', async (_, fault) => {
    planted.now = fault.plant();
    const found = await failures();
    const own = found.filter(({ check }) => check === fault.check).map(({ says }) => says);
    expect(own).toContainEqual(expect.stringMatching(fault.says));
  });
});
