import { expect } from 'vitest';
import type { RecordingSummary } from '../../src/cassette/tap.ts';
import { codexBinary } from '../../src/conformance/install-codex.ts';
import type { ScenarioResult } from '../../src/conformance/run-scenario.ts';
import type { Played } from '../../src/conformance/session.ts';

/** The versions of the captures: the oldest that gateways' guides name, one with its changes, and the newest. */
export const VERSIONS = ['0.113.0', '0.122.0', '0.169.0'] as const;

/** Paths of the binaries, downloaded where they are missing. */
export async function findBinaries(): Promise<Record<string, string>> {
  const pairs: [string, string][] = [];
  for (const version of VERSIONS) pairs.push([version, await codexBinary(version)]);
  return Object.fromEntries(pairs);
}

/**
 * Every request had a recording, every recording was asked for, and Codex ended as its scenario says. The model list does not
 * count: with a ChatGPT login 0.169.0 asks for it once, twice or three times, as its start-up happens to go.
 */
export function expectPlayed(played: Played<ScenarioResult>): void {
  const isModelList = (target: string) => /\/models(\?|$)/.test(target);
  expect(played.misses.filter(({ target }) => !isModelList(target))).toEqual([]);
  expect(played.result.problems).toEqual([]);
  expect(played.leftovers.filter(({ path }) => !isModelList(path)).map(({ id }) => id)).toEqual([]);
}

/**
 * Every exchange is there, and none of them broke. Codex closes its connection as soon as it has read `response.completed`; where
 * that is faster than the end of the body, the outcome is `client-aborted`, and nothing is wrong.
 */
export function expectWhole({ exchanges, outcomes }: Pick<RecordingSummary, 'exchanges' | 'outcomes'>, count: number) {
  expect(exchanges).toBe(count);
  expect((outcomes.complete ?? 0) + (outcomes['client-aborted'] ?? 0)).toBe(count);
}
