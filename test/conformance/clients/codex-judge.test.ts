import { describe, expect, it } from 'vitest';
import { judgeRun, missingItems, retriesOf } from '../../../src/conformance/clients/codex-judge.ts';
import { type CodexEvent, type CodexRun, finalText } from '../../../src/conformance/codex.ts';

const DONE: CodexEvent = { type: 'turn.completed' };
const SAID: CodexEvent = { type: 'item.completed', item: { type: 'agent_message', text: 'Side A.' } };

function run(events: CodexEvent[], more: Partial<CodexRun> = {}): CodexRun {
  return { code: 0, timedOut: false, stdout: '', stderr: '', events, finalText: finalText(events), ...more };
}

const WELL = { code: 0, text: 'Side A.' };

describe('judgeRun', () => {
  it.each<[string, CodexRun, string[]]>([
    ['all well', run([SAID, DONE]), []],
    [
      'the right text of a turn that failed',
      run([SAID, { type: 'turn.failed', error: { message: 'cut' } }], { code: 1 }),
      ['Codex ended with exit code 1 instead of 0: cut'],
    ],
    [
      'exit code 0 without an end',
      run([SAID, { type: 'error', message: 'gone' }]),
      ['no turn.completed was told: gone'],
    ],
    ['another text', run([DONE]), ['Codex said undefined instead of "Side A."']],
    [
      'a run that was stopped',
      run([SAID, DONE], { code: null, timedOut: true }),
      ['Codex did not come to an end, and was stopped'],
    ],
    [
      'a reason on stderr alone',
      run([], { code: 101, stderr: 'warning\nno such model\n' }),
      ['Codex ended with exit code 101 instead of 0: no such model'],
    ],
  ])('%s', (_, done, problems) => expect(judgeRun(done, WELL)).toEqual(problems));

  it('wants a failure where one is due', () => {
    const due = { code: 1, text: undefined };
    expect(judgeRun(run([{ type: 'turn.failed' }], { code: 1 }), due)).toEqual([]);
    expect(judgeRun(run([DONE], { code: 1 }), due)).toEqual(['a turn.completed was told of a turn that failed']);
    expect(judgeRun(run([SAID, DONE]), due)).toEqual(['Codex ended with exit code 0 instead of 1']);
  });
});

const COMMAND: CodexEvent = {
  type: 'item.completed',
  item: { type: 'command_execution', aggregated_output: 'left-4\n', exit_code: 0 },
};

it('finds items over all runs', () => {
  const wanted = [{ type: 'command_execution', has: /left-4\b.*"exit_code":0/ }];
  expect(missingItems([run([]), run([COMMAND])], wanted)).toEqual([]);
  expect(missingItems([run([{ ...COMMAND, type: 'item.started' }])], wanted)).toEqual([
    'Codex finished no command_execution with /left-4\\b.*"exit_code":0/: none at all',
  ]);
});

it('finds what Codex says when it asks again', () => {
  const again: CodexEvent = { type: 'error', message: 'Reconnecting... 1/5 (stream disconnected)' };
  const warning: CodexEvent = { type: 'item.completed', item: { type: 'error', message: 'Model metadata not found' } };
  expect(retriesOf([run([again, warning, SAID, DONE])])).toEqual([again.message]);
});
