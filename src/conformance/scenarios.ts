import type { CodexSetup } from './codex-home.ts';
import { isAtLeast } from './codex-home.ts';
import { makePng } from './png.ts';
import { answerItems, SUMMARY_TEXT } from './provider/default-answer.ts';
import { compactionObject, type ScriptedItem } from './provider/responses.ts';
import { type Answer, lastInputIs, type ScriptStep, truncate } from './script.ts';

/** One run of the client within a scenario. */
export interface ScenarioRun {
  prompt: string;
  /** Continues the session of the run before. */
  resume?: boolean;
  /** More arguments of `codex exec`. */
  args?: readonly string[];
  /** How it must end. */
  expect: { code: number; text: string | undefined };
}

/** What the scripted upstream does, what the client is asked, and how that must end. Some depend on the Codex version. */
export interface Scenario {
  name: ScenarioName;
  /** One sentence. */
  what: string;
  script(version: string): ScriptStep[];
  runs(version: string): ScenarioRun[];
  /** What differs from a custom provider with a key. */
  setup?: Partial<Omit<CodexSetup, 'version' | 'baseUrl'>>;
  /** Files that must be in the working directory, by name. */
  files?: Record<string, Uint8Array>;
}

export type ScenarioName =
  | 'text'
  | 'tool'
  | 'parallel'
  | 'apply-patch'
  | 'image'
  | 'zstd'
  | 'compact'
  | 'resume'
  | 'rate-limit'
  | 'truncated';

const IMAGE_FILE = 'reel.png';

/** A step that answers the next request with these items, in the protocol that it is asked in. */
function turn(...items: ScriptedItem[]): ScriptStep {
  return { when: { turn: true }, answer: answerItems({ items }) };
}

function say(text: string): ScriptedItem {
  return { type: 'message', text };
}

function exec(cmd: string): ScriptedItem {
  return { type: 'function_call', name: 'exec_command', arguments: { cmd } };
}

function one(prompt: string, text: string, args?: readonly string[]): () => ScenarioRun[] {
  return () => [{ prompt, expect: { code: 0, text }, ...(args ? { args } : {}) }];
}

const PATCH = '*** Begin Patch\n*** Add File: reel.txt\n+side A\n+side B\n*** End Patch\n';

const RATE_LIMITED: Answer = {
  kind: 'body',
  status: 429,
  headers: { 'retry-after': '1' },
  body: {
    error: {
      message: 'Rate limit reached. Please try again in 1s.',
      type: 'rate_limit_error',
      param: null,
      code: 'rate_limit_exceeded',
    },
  },
};

const LIST: Scenario[] = [
  {
    name: 'text',
    what: 'One prompt, one text.',
    script: () => [turn(say('The tape is rolling.'))],
    runs: one('Say that the tape is rolling.', 'The tape is rolling.'),
  },
  {
    name: 'tool',
    what: 'Three turns: a command, another one that follows from its output, and a text.',
    script: () => [
      turn({ type: 'reasoning', summary: 'First the name, then its length.' }, exec('echo tapedeck')),
      turn(exec('printf tapedeck | wc -c')),
      turn(say('The name is tapedeck and has 8 letters.')),
    ],
    runs: one('Print the name tapedeck, then count its letters.', 'The name is tapedeck and has 8 letters.'),
  },
  {
    name: 'parallel',
    what: 'Two commands in one answer, then a text.',
    script: () => [turn(exec('echo left'), exec('echo right')), turn(say('Both channels are there.'))],
    runs: one('Check the left and the right channel.', 'Both channels are there.'),
  },
  {
    name: 'apply-patch',
    what: 'A custom tool call creates a file.',
    script: () => [
      turn({ type: 'custom_tool_call', name: 'apply_patch', input: PATCH }),
      turn(say('The label has two sides.')),
    ],
    runs: one('Create reel.txt that names both sides.', 'The label has two sides.'),
  },
  {
    name: 'image',
    what: 'The prompt has an image with it.',
    script: () => [turn(say('A square that goes from black to orange.'))],
    runs: one('What is in the image?', 'A square that goes from black to orange.', ['-i', IMAGE_FILE]),
    files: { [IMAGE_FILE]: makePng(16) },
  },
  {
    name: 'zstd',
    what: 'A ChatGPT login, with which Codex codes its bodies with zstd.',
    script: () => [turn(say('The tape is thin but whole.'))],
    runs: one('Say that the tape is thin but whole.', 'The tape is thin but whole.'),
    setup: { login: 'chatgpt', provider: 'built-in' },
  },
  {
    name: 'compact',
    what: 'The context is full after a command and gets compacted, then a text.',
    script: compactScript,
    runs: one('Fill the tape with an echo.', 'The tape was rewound.'),
    // The name alone makes Codex compact at the provider.
    setup: { providerName: 'OpenAI', settings: { model_auto_compact_token_limit: 1000 } },
  },
  {
    name: 'resume',
    what: 'A second prompt continues the session of the first.',
    script: () => [turn(say('Side A.')), turn(say('Side B follows side A.'))],
    runs: () => [
      { prompt: 'Which side is this?', expect: { code: 0, text: 'Side A.' } },
      { prompt: 'And the next one?', resume: true, expect: { code: 0, text: 'Side B follows side A.' } },
    ],
  },
  {
    name: 'rate-limit',
    what: 'A 429 with retry-after, then a text.',
    script: () => [{ when: { turn: true }, answer: RATE_LIMITED }, turn(say('The tape runs at its own speed.'))],
    runs: rateLimitRuns,
  },
  {
    name: 'truncated',
    what: 'A stream that breaks off in the middle of its text, then the whole of it.',
    script: () => [
      {
        when: { turn: true },
        answer: (request, context) =>
          // Responses: created, in_progress, item added, part added, two deltas. The others begin with fewer events.
          truncate(
            answerItems({ items: [say('The tape is cut.')] })(request, context),
            request.protocol === 'responses' ? 6 : 4,
          ),
      },
      turn(say('The tape is spliced.')),
    ],
    runs: one('Say how the tape is.', 'The tape is spliced.'),
  },
];

/**
 * Codex up to 0.139 compacts with a request of its own, from 0.140 on with an item at the end of an ordinary one. Whoever is asked in
 * another way, be it because a gateway compacts by itself, is to write a summary.
 */
function compactScript(): ScriptStep[] {
  const full: ScriptStep = {
    when: { turn: true, nth: 1 },
    answer: answerItems({ items: [exec('echo full')], usage: { input: 190_000, output: 50 } }),
  };
  const triggered = lastInputIs('compaction_trigger');
  const compaction: ScriptStep = {
    when: { turn: true },
    answer(request, context) {
      if (request.endpoint === 'responses.compact')
        return { kind: 'body', status: 200, body: compactionObject(context.mint) };
      const item: ScriptedItem = triggered(request.json ?? {}) ? { type: 'compaction' } : say(SUMMARY_TEXT);
      return answerItems({ items: [item] })(request, context);
    },
  };
  return [full, compaction, turn(say('The tape was rewound.'))];
}

/** A 429 is final for Codex before about 0.162, so that the user has to ask again; later versions wait and try again. */
function rateLimitRuns(version: string): ScenarioRun[] {
  const prompt = 'Say how fast the tape runs.';
  const success: ScenarioRun = { prompt, expect: { code: 0, text: 'The tape runs at its own speed.' } };
  return isAtLeast(version, '0.162.0') ? [success] : [{ prompt, expect: { code: 1, text: undefined } }, success];
}

/** All scenarios by name. */
export const SCENARIOS = Object.fromEntries(LIST.map((scenario) => [scenario.name, scenario])) as Record<
  ScenarioName,
  Scenario
>;
