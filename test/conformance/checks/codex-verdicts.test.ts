import { describe, expect, it } from 'vitest';
import { BEHAVIOURS } from '../../../src/conformance/checks/codex/behaviours.ts';
import { answerSaid, compareVerdicts } from '../../../src/conformance/checks/codex/verdict.ts';
import { createMint } from '../../../src/conformance/provider/mint.ts';
import type { ReceivedRequest } from '../../../src/conformance/script.ts';
import { judgeAnswer } from '../../../src/oracle/codex/judge.ts';
import type { CodexVerdict } from '../../../src/oracle/codex/types.ts';

const NOW = Date.UTC(2026, 0, 1);
const REQUEST: ReceivedRequest = {
  ...{ n: 1, nth: 1, endpoint: 'responses', protocol: 'responses', method: 'POST', url: '/v1/responses', headers: [] },
  ...{ raw: new Uint8Array(), decoded: undefined, json: { stream: true } },
};

/** What Codex does with a behaviour that reaches it as it is. */
function verdictOf(name: string, version: string): CodexVerdict {
  const behaviour = BEHAVIOURS.find((one) => one.name === name)!;
  const answer = behaviour.says(REQUEST, { mint: createMint('made-up'), model: 'm' });
  return judgeAnswer(version, 'turn', answerSaid(answer), { nowMs: NOW });
}

describe('the behaviours of a provider', () => {
  it('have names of their own', () => {
    expect(new Set(BEHAVIOURS.map(({ name }) => name)).size).toBe(BEHAVIOURS.length);
  });

  it.each([
    ['text', 'accept', 'accept'],
    ['apply-patch', 'accept', 'accept'],
    ['usage-without-details', 'accept', 'accept'],
    ['nothing', 'silent', 'silent'],
    ['error-with-200', 'retry', 'retry'],
    ['cut-by-length', 'retry', 'fail'],
    ['cut-by-filter', 'retry', 'retry'],
    ['truncated-at-once-cleanly', 'retry', 'retry'],
    ['truncated-mid-call-by-reset', 'retry', 'retry'],
    ['truncated-before-end-cleanly', 'retry', 'retry'],
    ['refused-400-context-length', 'fail', 'fail'],
    ['refused-404', 'retry', 'fail'],
    ['refused-429-seconds', 'fail', 'retry'],
    ['refused-503-overloaded', 'retry', 'retry'],
    ['failed-context-length', 'fail', 'fail'],
    ['failed-server-error', 'retry', 'retry'],
  ])('make Codex do what was measured: %s', (name, old, recent) => {
    expect([verdictOf(name, '0.113.0').action, verdictOf(name, '0.169.0').action]).toEqual([old, recent]);
  });

  it('run no call whose arguments broke off', () => {
    expect(verdictOf('truncated-mid-call-cleanly', '0.169.0').items).toEqual([]);
  });
});

const ACCEPT: CodexVerdict = { action: 'accept', reason: 'complete', rule: 'codex.accept', items: [] };
const RETRY: CodexVerdict = { action: 'retry', reason: 'broken', rule: 'codex.stream.closed', items: [] };
const STRICT = { also: [], words: undefined, pauseMs: 0 };

describe('the comparison of two verdicts', () => {
  it('finds nothing between equal ones', () => {
    expect(compareVerdicts(ACCEPT, ACCEPT, STRICT)).toEqual([]);
  });

  it('tells an answer that is taken where it should be asked for again, unless that is allowed', () => {
    expect(compareVerdicts(ACCEPT, RETRY, STRICT)).toHaveLength(1);
    expect(compareVerdicts(ACCEPT, RETRY, { ...STRICT, also: ['accept'] })).toEqual([]);
  });

  it('tells a call that is not run, or of another kind', () => {
    const call = (type: string): CodexVerdict => ({ ...ACCEPT, items: [{ type, name: 'apply_patch', runs: true }] });
    expect(compareVerdicts(ACCEPT, call('custom_tool_call'), STRICT)).toHaveLength(1);
    expect(compareVerdicts(call('function_call'), call('custom_tool_call'), STRICT)).toHaveLength(1);
    expect(compareVerdicts(call('function_call'), call('function_call'), STRICT)).toEqual([]);
  });

  it('tells another text of an answer that is taken, and not how it was cut into items', () => {
    const said = (...texts: string[]) => ({ ...ACCEPT, items: texts.map((text) => ({ type: 'message', text })) });
    expect(compareVerdicts(said('ab'), said('a', 'b'), STRICT)).toEqual([]);
    expect(compareVerdicts(said('a'), said('a', 'b'), STRICT)).toHaveLength(1);
  });

  it('tells words that are lost, where Codex would have printed them', () => {
    const how = { ...STRICT, words: 'made-up' };
    expect(compareVerdicts(RETRY, { ...RETRY, message: 'it is made-up' }, how)).toHaveLength(1);
    expect(compareVerdicts(RETRY, { ...RETRY, message: 'its own text' }, how)).toEqual([]);
  });

  it('takes lost words and another pause for less than another action', () => {
    const due: CodexVerdict = {
      ...RETRY,
      message: 'it is made-up',
      retry: { layer: 'stream', requests: 6, delayMs: 7000 },
    };
    const list = compareVerdicts(RETRY, due, { ...STRICT, words: 'made-up' });
    expect(list.map(({ lesser }) => lesser)).toEqual([true, true]);
    expect(compareVerdicts(ACCEPT, due, STRICT).map(({ lesser }) => lesser)).toEqual([undefined]);
  });

  it('tells another pause, where the answer names one', () => {
    const pausing = (delayMs: number): CodexVerdict => ({ ...RETRY, retry: { layer: 'stream', requests: 6, delayMs } });
    expect(compareVerdicts(pausing(200), pausing(7000), STRICT)).toHaveLength(1);
    expect(compareVerdicts(pausing(7400), pausing(7000), { ...STRICT, pauseMs: 1000 })).toEqual([]);
    expect(compareVerdicts(pausing(7000), pausing(200), STRICT)).toEqual([]);
  });
});
