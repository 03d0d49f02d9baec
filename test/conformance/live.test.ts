import { afterEach, expect, it } from 'vitest';
import { LIVE_CHECKS } from '../../src/conformance/checks/shared/live-rows.ts';
import { answerItems, problem } from '../../src/conformance/provider/default-answer.ts';
import { createMint } from '../../src/conformance/provider/mint.ts';
import type { ScriptedItem } from '../../src/conformance/provider/responses.ts';
import { runConformance } from '../../src/conformance/run.ts';
import { isTurn, type ReceivedRequest } from '../../src/conformance/script.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import type { ConformanceReport } from '../../src/report/conformance/model.ts';

/** What a made-up model says to its n-th request, from 0; a number: the status that it refuses with. */
type Model = (request: ReceivedRequest, nth: number) => ScriptedItem | number;

const closed: ScriptedUpstream[] = [];

afterEach(async () => {
  for (const upstream of closed.splice(0)) await upstream.close();
});

/** A live run against an upstream that knows of no check, with a model of moods. */
async function runLive(rule: string, model: Model, budget = 1_000_000): Promise<ConformanceReport> {
  const mint = createMint('moody');
  let turns = 0;
  const upstream = await startScriptedUpstream({
    attend(request) {
      if (!isTurn(request)) return undefined;
      const item = model(request, turns++);
      const context = { mint, model: 'moody' };
      if (typeof item === 'number') return { answer: problem(request, item, 'refused', 'No.') };
      return { answer: answerItems({ items: [item] })(request, context) };
    },
  });
  closed.push(upstream);
  const options = { models: ['moody'], strictness: 'on', level: 'all', profiles: [], seed: 's' } as const;
  return runConformance({
    url: upstream.url,
    mode: 'live',
    checks: LIVE_CHECKS.filter(({ id }) => id.endsWith(`.live.${rule}`)),
    options: { ...options, models: [...options.models], profiles: [] },
    ...{ timeoutMs: 10_000, concurrency: 1, budget },
  });
}

function verdicts({ results }: ConformanceReport): string[] {
  return results.map(({ verdict }) => verdict);
}

const say = (text: string): ScriptedItem => ({ type: 'message', text });
const CANARIES = 3;
const WORD = say('The word is quartzwren.');

it('a model that plays along at the second try is enough', async () => {
  const report = await runLive('text', (_, n) => (n < CANARIES || n % 2 === 1 ? say('Hm?') : WORD));
  expect(verdicts(report)).toEqual(['pass', 'pass', 'pass']);
});

it('a model that never plays along proves nothing', async () => {
  for (const rule of ['text', 'tool-call', 'tool-result', 'structured-output', 'image', 'pieces']) {
    const report = await runLive(rule, () => say('I would rather not.'));
    expect([rule, ...verdicts(report)]).toEqual([rule, 'inconclusive', 'inconclusive', 'inconclusive']);
  }
});

it('a provider that is busy proves nothing, and one that refuses a feature does not have it', async () => {
  const busy = await runLive('text', (_, n) => (n < CANARIES ? WORD : 429));
  expect(verdicts(busy)).toEqual(['inconclusive', 'inconclusive', 'inconclusive']);
  const blind = await runLive('image', (_, n) => (n < CANARIES ? WORD : 400));
  expect(verdicts(blind)).toEqual(['unsupported', 'unsupported', 'unsupported']);
});

it('what harms letters fails, whatever the model meant to say', async () => {
  const report = await runLive('letters', () => say('Gr\ufffd\ufffde, 世界'));
  expect(verdicts(report)).toEqual(['fail', 'fail', 'fail']);
});

it('stops when the budget is spent', async () => {
  const report = await runLive('text', () => WORD, 1);
  expect(new Set(verdicts(report))).toEqual(new Set(['inconclusive']));
  expect(report.results[0]!.reason).toBe('the budget of 1 tokens is used up');
  expect(closed[0]!.requests.filter(isTurn)).toHaveLength(1);
});
