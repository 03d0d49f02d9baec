import { type CodexSetup as CodexSetupName, OWN_PROVIDER } from '../check.ts';
import type { CodexEvent } from '../codex.ts';
import type { CodexSetup } from '../codex-home.ts';
import { answerItems } from '../provider/default-answer.ts';
import type { ScriptedItem } from '../provider/responses.ts';
import { SCENARIOS, type Scenario, type ScenarioName } from '../scenarios.ts';
import type { ScriptStep } from '../script.ts';

/** What the real Codex is asked to do through a gateway, and by what it is judged. */
export interface RealScenario {
  /** The last part of the check's id. */
  rule: string;
  requirement: string;
  source: string;
  scenario: Pick<Scenario, 'script' | 'runs' | 'files'>;
  setup?: Partial<Pick<CodexSetup, 'provider' | 'login' | 'providerName' | 'settings'>>;
  /** Those who come into it; everybody when absent. */
  codex?: readonly CodexSetupName[];
  /** Least version that it makes sense with. */
  since?: string;
  /** A tool that Codex has to offer; it does not do so for every model. */
  tool?: string;
  /** What stands in each request for a turn at the provider, in any protocol. */
  sent?: readonly (readonly RegExp[])[];
  /** Items that Codex has to have finished over all runs, by kind and what is told of them. */
  items?: readonly { type: string; has: RegExp }[];
  /** The provider itself makes it try again, or tells it to wait. */
  provokes?: true;
  /** Beside the usual timeout: how many times longer a run may take. */
  patience?: number;
}

/** A finished item of the event stream, as text. */
export function itemsOf(events: readonly CodexEvent[], type: string): string[] {
  return events.flatMap(({ type: event, item }) =>
    event === 'item.completed' && item?.type === type ? [JSON.stringify(item)] : [],
  );
}

const MEASURED = 'Codex 0.113.0 to 0.169.0, run for real';

function turn(...items: ScriptedItem[]): ScriptStep {
  return { when: { turn: true }, answer: answerItems({ items }) };
}

/** The output of a command is a word that stands nowhere in the command. */
function echo(side: string, a: number, b: number): ScriptedItem {
  return { type: 'function_call', name: 'exec_command', arguments: { cmd: `echo ${side}-$((${a}+${b}))` } };
}

function say(text: string): ScriptedItem {
  return { type: 'message', text };
}

function once(prompt: string, text: string, ...steps: ScriptStep[]): RealScenario['scenario'] {
  return { script: () => [...steps, turn(say(text))], runs: () => [{ prompt, expect: { code: 0, text } }] };
}

const known = (name: ScenarioName): RealScenario['scenario'] => SCENARIOS[name];

/** In the order in which they are run: those that make the provider fail come last. */
export const REAL_SCENARIOS: readonly RealScenario[] = [
  {
    rule: 'text',
    requirement: 'Codex gets a text, and ends its turn.',
    source: MEASURED,
    scenario: known('text'),
    sent: [[/Say that the tape is rolling/]],
  },
  {
    rule: 'tool-turns',
    requirement:
      'Codex runs the commands that the model asks for, one turn after the other, and the model is told what they wrote.',
    source: MEASURED,
    scenario: once('Say the sides.', 'Both sides were said.', turn(echo('first', 1, 1)), turn(echo('second', 1, 2))),
    sent: [[/Say the sides/], [/first-2\b/], [/first-2\b/, /second-3\b/]],
    items: [
      { type: 'command_execution', has: /first-2\b.*"exit_code":0/ },
      { type: 'command_execution', has: /second-3\b.*"exit_code":0/ },
    ],
  },
  {
    rule: 'parallel-tools',
    requirement: 'Codex runs two commands of one answer, and the model is told what both wrote.',
    source: MEASURED,
    scenario: once('Check both channels.', 'Both channels are there.', turn(echo('left', 2, 2), echo('right', 3, 4))),
    sent: [[/Check both channels/], [/left-4\b/, /right-7\b/]],
    items: [
      { type: 'command_execution', has: /left-4\b.*"exit_code":0/ },
      { type: 'command_execution', has: /right-7\b.*"exit_code":0/ },
    ],
  },
  {
    rule: 'apply-patch',
    requirement: 'A call of the custom tool apply_patch changes a file, and its result gets to the model.',
    source: MEASURED,
    scenario: known('apply-patch'),
    // Without it Codex before 0.144 offers the tool to models that it knows alone.
    setup: { settings: { 'features.apply_patch_freeform': true } },
    tool: 'apply_patch',
    sent: [[/names both sides/], [/reel\.txt/]],
    items: [{ type: 'file_change', has: /reel\.txt.*"status":"completed"/ }],
  },
  {
    rule: 'image',
    requirement: 'An image in the prompt gets to the model.',
    source: MEASURED,
    scenario: known('image'),
    sent: [[/What is in the image/, /data:image\/png;base64,|"media_type":"image\/png"/]],
  },
  {
    rule: 'resume',
    requirement: 'A session that is resumed has its history with it.',
    source: MEASURED,
    scenario: known('resume'),
    sent: [[/Which side is this/], [/Which side is this/, /Side A\./, /And the next one/]],
  },
  {
    rule: 'compaction',
    requirement: 'When the context is full Codex compacts it, and the session goes on.',
    source: `${MEASURED}; compaction by /responses/compact up to 0.139, by an item from 0.140 on`,
    scenario: known('compact'),
    setup: { providerName: 'OpenAI', settings: { model_auto_compact_token_limit: 1000 } },
    codex: OWN_PROVIDER,
    items: [{ type: 'command_execution', has: /full/ }],
  },
  {
    rule: 'zstd',
    requirement: 'A body that Codex codes with zstd, as it does with a ChatGPT login, is taken.',
    source: `${MEASURED}: one frame that does not say its size`,
    scenario: known('zstd'),
    setup: { login: 'chatgpt', provider: 'built-in' },
    codex: ['chatgpt'],
    sent: [[/Say that the tape is thin but whole/]],
    patience: 3,
  },
  {
    rule: 'websocket',
    requirement: "Codex's own provider, which asks for a WebSocket first, gets its turns done without losing time.",
    source: 'Codex 0.122.0 and 0.169.0, measured: 426 makes it speak HTTP at once, anything else costs seven attempts',
    scenario: once('Say that the socket holds.', 'The socket holds.', turn(echo('plug', 5, 6))),
    setup: { provider: 'built-in' },
    codex: OWN_PROVIDER,
    since: '0.116.0',
    sent: [[/Say that the socket holds/], [/plug-11\b/]],
    items: [{ type: 'command_execution', has: /plug-11\b.*"exit_code":0/ }],
    patience: 3,
  },
  {
    rule: 'rate-limit',
    requirement: 'After a 429 of the provider Codex goes on as it does without a gateway.',
    source:
      'Codex 0.169.0, measured: it waits for retry-after; before about 0.162 the turn fails and the user asks again',
    scenario: known('rate-limit'),
    provokes: true,
  },
  {
    rule: 'truncated',
    requirement: 'After a stream that breaks off Codex asks again, and gets the whole answer.',
    source: `${MEASURED}: "stream disconnected before completion", up to five times`,
    scenario: known('truncated'),
    provokes: true,
  },
];
