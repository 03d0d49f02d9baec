import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claudeCodeBinary, runClaudeCode } from '../../src/conformance/claude-code.ts';
import { answerItems } from '../../src/conformance/provider/default-answer.ts';
import type { ScriptedItem } from '../../src/conformance/provider/responses.ts';
import type { ScriptStep } from '../../src/conformance/script.ts';
import { startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { loadCassette, recordSession } from '../../src/conformance/session.ts';
import type { Protocol } from '../../src/util/types.ts';
import { validateExchange } from '../../src/validate/exchange.ts';

const VERSION = '2.1.329';

let binary: string;
let folder: string;

beforeAll(async () => {
  binary = await claudeCodeBinary(VERSION);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-e2e-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const turn = (...items: ScriptedItem[]): ScriptStep => ({ when: { turn: true }, answer: answerItems({ items }) });

const bash = (command: string): ScriptedItem => ({
  type: 'function_call',
  name: 'Bash',
  arguments: { command, description: 'Prints a line' },
});

/** `sent`: what must stand in each request, in any order: the results of calls come in the order in which they were ready. */
const SCRIPTS: Record<string, { script: ScriptStep[]; sent: RegExp[][] }> = {
  text: { script: [turn({ type: 'message', text: 'The tape is rolling.' })], sent: [[/tape/]] },
  'a tool call': {
    script: [turn(bash('echo side-$((1+1))')), turn({ type: 'message', text: 'The tape is rolling.' })],
    sent: [[/tape/], [/side-2/]],
  },
  'two calls at once': {
    script: [
      turn(bash('echo l-$((1+1))'), bash('echo r-$((1+2))')),
      turn({ type: 'message', text: 'The tape is rolling.' }),
    ],
    sent: [[/tape/], [/l-2/, /r-3/]],
  },
};

describe.each<Protocol>(['responses', 'chat', 'messages'])(
  'Claude Code with a provider that speaks nothing but %s',
  (spoken) => {
    it.each(Object.keys(SCRIPTS))('%s', async (name) => {
      const { script, sent } = SCRIPTS[name]!;
      const upstream = await startScriptedUpstream({ script, speaks: [spoken] });
      const path = join(folder, 'claude.har');
      const options = { upstream: upstream.url, path, translation: { protocol: spoken } };
      const { result } = await recordSession(options, (baseUrl) =>
        runClaudeCode({ binary, baseUrl, prompt: 'Is the tape rolling?' }),
      );
      await upstream.close();
      expect([result.code, result.finalText, result.stderr]).toEqual([0, 'The tape is rolling.', '']);
      const asked = upstream.requests.filter(
        ({ endpoint }) => !endpoint.endsWith('count_tokens') && endpoint !== 'other',
      );
      expect(asked.map(({ protocol }) => protocol)).toEqual(sent.map(() => spoken));
      for (const [i, patterns] of sent.entries()) {
        for (const pattern of patterns) expect(JSON.stringify(asked[i]!.json)).toMatch(pattern);
      }
      const { exchanges } = await loadCassette(path);
      const findings = exchanges.flatMap((exchange) => validateExchange(exchange, { profiles: ['tolerant'] }));
      expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    });
  },
);
