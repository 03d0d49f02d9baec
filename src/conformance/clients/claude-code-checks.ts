import { formatCount } from '../../report/format.ts';
import type { Check } from '../check.ts';
import { type ClaudeCodeRun, runClaudeCode } from '../claude-code.ts';
import type { Trial } from '../harness/trial.ts';
import type { ScriptedItem } from '../provider/responses.ts';
import type { ScriptStep } from '../script.ts';
import { lostOn } from './lost.ts';
import { say, turn } from './sdk-check.ts';
import { expectSent, throughGateway } from './stage.ts';

/** A binary of Claude Code, which is fetched when it is first asked for. */
export interface ClaudeCodeBinary {
  version: string;
  path(): Promise<string>;
}

interface Scenario {
  rule: string;
  requirement: string;
  script: readonly ScriptStep[];
  /** Results of calls come in the order in which they were ready, so each pattern may stand anywhere. */
  sent: readonly (readonly RegExp[])[];
}

const PROMPT = 'Is the tape rolling?';
const ASKED = /Is the tape rolling/;
const TEXT = 'The tape is rolling.';

/** The output of a command is a word that stands nowhere in the command. */
function bash(side: string, a: number, b: number): ScriptedItem {
  const command = `echo ${side}-$((${a}+${b}))`;
  return { type: 'function_call', name: 'Bash', arguments: { command, description: 'Prints a word' } };
}

const SCENARIOS: readonly Scenario[] = [
  {
    rule: 'text',
    requirement: 'Claude Code gets a text, and ends with it.',
    script: [say(TEXT)],
    sent: [[ASKED]],
  },
  {
    rule: 'tool-turn',
    requirement: 'Claude Code runs a command that the model asks for, and the model is told what it wrote.',
    script: [turn(bash('reel', 1, 1)), say(TEXT)],
    sent: [[ASKED], [ASKED, /reel-2\b/]],
  },
  {
    rule: 'parallel-tools',
    requirement: 'Claude Code runs two commands of one answer, and the model is told what both wrote.',
    script: [turn(bash('left', 2, 2), bash('right', 3, 4)), say(TEXT)],
    sent: [[ASKED], [/left-4\b/, /right-7\b/]],
  },
];

/** It takes several seconds to begin, on a busy machine more. */
const PATIENCE = 9;

/** The real Claude Code as a client of the gateway. */
export function claudeCodeChecks(binary: ClaudeCodeBinary): Check[] {
  return SCENARIOS.map((scenario) => ({
    id: `messages.claude-code.${scenario.rule}`,
    revision: 1,
    requirement: scenario.requirement,
    source: `Claude Code ${binary.version}, run for real`,
    level: 'must',
    profiles: ['anthropic'],
    needs: 'upstream',
    clients: ['messages'],
    alone: 'unmarked',
    patience: PATIENCE,
    client: `Claude Code ${binary.version}`,
    run: (t) => tryScenario(t, scenario, binary),
  }));
}

async function tryScenario(t: Trial, { script, sent }: Scenario, { path }: ClaudeCodeBinary): Promise<void> {
  const binary = await path();
  const { result, exchanges, turns } = await throughGateway(t, script, (baseUrl) =>
    runClaudeCode({
      ...{ binary, baseUrl, model: t.model, headers: t.extraHeaders, timeoutMs: t.timeoutMs },
      prompt: `${PROMPT} [${t.marker}]`,
    }),
  );
  for (const problem of judgeClaudeCode(result, TEXT)) t.expect(false, problem, { where: 'answer' });
  expectSent(t, turns, sent);
  const lost = lostOn(exchanges);
  if (lost === undefined) return;
  t.lost = lost;
  t.expect(false, `Claude Code asked ${formatCount(lost.attempts, 'time')} in vain`, { where: 'answer', lesser: true });
}

/** What was not as it should be with a run, one sentence each. */
export function judgeClaudeCode(run: ClaudeCodeRun, text: string): string[] {
  if (run.timedOut) return ['Claude Code did not come to an end, and was stopped'];
  const said = run.finalText ?? run.stderr.trim().split('\n').at(-1);
  if (run.code !== 0 || run.failed) return [`Claude Code ended with exit code ${run.code}: ${said}`];
  const same = run.finalText === text;
  return same ? [] : [`Claude Code said ${JSON.stringify(run.finalText)} instead of ${JSON.stringify(text)}`];
}
