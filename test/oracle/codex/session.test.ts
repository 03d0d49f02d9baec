import { describe, expect, it } from 'vitest';
import { judgeSession, type SessionExchange } from '../../../src/oracle/codex/session.ts';
import type { CodexAnswer } from '../../../src/oracle/codex/types.ts';
import { callDone, completed, makeAnswer, messageDone, sse } from '../../helpers/codex-answers.ts';

const VERSION = '0.169.0';
const TEXT = makeAnswer(sse(messageDone('done'), completed()));
const CALL = makeAnswer(sse(callDone('exec_command', 'c1'), completed()));
const CUT = makeAnswer(sse(messageDone('half')));
const BROKEN = makeAnswer('', { status: 500 });

function turns(...answers: CodexAnswer[]): SessionExchange[] {
  return answers.map((answer) => ({ kind: 'turn', answer }));
}

describe('judgeSession', () => {
  it('goes on after a tool call and ends with the text', () => {
    expect(judgeSession(VERSION, turns(CALL, TEXT))).toMatchObject({
      exitCode: 0,
      finalText: 'done',
      requests: 2,
      open: false,
    });
  });

  it('gives every turn fresh retries', () => {
    const answers = [CUT, CUT, CUT, CUT, CUT, CALL, CUT, CUT, CUT, CUT, CUT, TEXT];
    expect(judgeSession(VERSION, turns(...answers))).toMatchObject({ exitCode: 0, requests: 12, open: false });
  });

  it('stops where the budget is used up, whatever would come next', () => {
    const forecast = judgeSession(VERSION, turns(CUT, CUT, CUT, CUT, CUT, CUT, TEXT));
    expect(forecast).toMatchObject({ exitCode: 1, finalText: 'half', requests: 6, open: false });
    expect(forecast.steps.map((step) => step.delayMs)).toEqual([200, 400, 800, 1600, 3200, undefined]);
  });

  it('counts what a persistent failure costs from its first answer', () => {
    expect(judgeSession(VERSION, turns(BROKEN))).toMatchObject({ exitCode: 1, requests: 30, open: true });
    expect(judgeSession(VERSION, turns(CUT))).toMatchObject({ exitCode: 1, requests: 6, open: true });
    const own = { requestRetries: 1, streamRetries: 2 };
    expect(judgeSession(VERSION, turns(BROKEN), own)).toMatchObject({ requests: 6, open: true });
  });

  it('starts the request layer anew with every try of the stream layer', () => {
    const forecast = judgeSession(VERSION, turns(...Array<CodexAnswer>(30).fill(BROKEN)));
    expect(forecast).toMatchObject({ exitCode: 1, requests: 30, open: false });
    expect(forecast.steps.slice(0, 6).map((step) => step.delayMs)).toEqual([200, 400, 800, 1600, 200, 200]);
  });

  it('takes one new token for a 401, then counts', () => {
    const denied = makeAnswer('', { status: 401 });
    const forecast = judgeSession(VERSION, turns(denied, denied, denied, TEXT), { refreshableToken: true });
    expect(forecast.steps.map((step) => step.delayMs)).toEqual([0, 200, 400, undefined]);
    expect(forecast.exitCode).toBe(0);
  });

  it('passes over lists of models and goes on after a compaction', () => {
    const compaction = sse(
      { type: 'response.output_item.done', item: { type: 'compaction', encrypted_content: 'x' } },
      completed(),
    );
    const session: SessionExchange[] = [
      { kind: 'models', answer: makeAnswer('', { status: 404 }) },
      { kind: 'turn', answer: CALL },
      { kind: 'compact', form: 'inline', answer: makeAnswer(compaction) },
      { kind: 'turn', answer: TEXT },
    ];
    expect(judgeSession(VERSION, session)).toMatchObject({ exitCode: 0, requests: 3, open: false });
  });

  it('is open where a turn is still to come, and nothing at all without answers', () => {
    expect(judgeSession(VERSION, turns(CALL))).toMatchObject({ exitCode: 0, requests: 2, open: true });
    expect(judgeSession(VERSION, [])).toEqual({ exitCode: 1, requests: 0, open: true, steps: [] });
  });
});
