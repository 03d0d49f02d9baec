import { afterEach, describe, expect, it } from 'vitest';
import { runBuiltInClient } from '../../src/conformance/client.ts';
import { SCENARIOS, type ScenarioName } from '../../src/conformance/scenarios.ts';
import type { ScriptStep } from '../../src/conformance/script.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { fromUtf8 } from '../../src/util/bytes.ts';
import { headerPairs } from '../../src/util/headers.ts';
import { validateDocument } from '../../src/validate/document.ts';

const open: ScriptedUpstream[] = [];

afterEach(async () => {
  for (const upstream of open.splice(0)) await upstream.close();
});

async function start(script: ScriptStep[]): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream({ script });
  open.push(upstream);
  return upstream;
}

const VERSION = '0.169.0';

describe('built-in client', () => {
  it.each<[ScenarioName, number, string[]]>([
    ['text', 1, []],
    ['tool', 3, ['exec_command', 'exec_command']],
    ['parallel', 2, ['exec_command', 'exec_command']],
    ['apply-patch', 2, ['apply_patch']],
  ])('plays the scenario %s to its end', async (name, requests, toolCalls) => {
    const scenario = SCENARIOS[name];
    const upstream = await start(scenario.script(VERSION));
    const [run] = scenario.runs(VERSION);
    const result = await runBuiltInClient({ baseUrl: upstream.url, prompt: run!.prompt });
    expect(result).toEqual({ finalText: run!.expect.text, requests, toolCalls, problem: undefined });
    for (const request of upstream.requests)
      expect(validateDocument('responses.request', fromUtf8(request.decoded!), ['tolerant', 'codex'])).toEqual([]);
  });

  it('sends the headers of Codex in their order, and the outputs of its tools', async () => {
    const upstream = await start(SCENARIOS.tool.script(VERSION));
    await runBuiltInClient({ baseUrl: upstream.url, prompt: 'x' });
    const names = headerPairs(upstream.requests[0]!.headers).map(([name]) => name);
    expect(names.filter((name) => !['host', 'connection'].includes(name))).toEqual([
      'x-codex-beta-features',
      'x-codex-window-id',
      'x-codex-turn-metadata',
      'x-client-request-id',
      'session-id',
      'thread-id',
      'accept',
      'content-type',
      'authorization',
      'originator',
      'user-agent',
      'content-length',
    ]);
    const items = upstream.requests[2]!.json!.input as { type: string; call_id?: string; output?: string }[];
    expect(items.slice(3).map(({ type }) => type)).toEqual([
      'reasoning',
      'function_call',
      'function_call_output',
      'function_call',
      'function_call_output',
    ]);
    expect(items.at(-1)!.call_id).toBe(items.at(-2)!.call_id);
    expect(items.at(-1)!.output).toMatch(/^Chunk ID: \w+\nWall time: .*\nProcess exited with code 0\n/);
  });

  it('sends the same bytes on every run', async () => {
    const bodies = [];
    for (let i = 0; i < 2; i++) {
      const upstream = await start(SCENARIOS.tool.script(VERSION));
      await runBuiltInClient({ baseUrl: upstream.url, prompt: 'x' });
      bodies.push(upstream.requests.map(({ raw }) => fromUtf8(raw)));
    }
    expect(bodies[0]).toEqual(bodies[1]);
  });

  it.each<[string, ScriptStep[], RegExp]>([
    ['a stream that was cut', SCENARIOS.truncated.script(VERSION), /^stream closed before response\.completed$/],
    ['a status', SCENARIOS['rate-limit'].script(VERSION), /^unexpected status 429: .*rate_limit_exceeded/],
    ['a reset', [{ answer: { kind: 'reset' } }], /^no whole answer from /],
    [
      'a failed response',
      [
        {
          answer: {
            kind: 'events',
            events: [{ data: { type: 'response.failed', response: { error: { message: 'out of tape' } } } }],
          },
        },
      ],
      /^out of tape$/,
    ],
  ])('says what was wrong with %s', async (_name, script, problem) => {
    const upstream = await start(script);
    const result = await runBuiltInClient({ baseUrl: upstream.url, prompt: 'x' });
    expect(result.problem).toMatch(problem);
    expect(result.requests).toBe(1);
  });

  it('stops a model that calls tools for ever', async () => {
    const [step] = SCENARIOS.tool.script(VERSION);
    const upstream = await start([{ ...step!, times: 9 }]);
    const result = await runBuiltInClient({ baseUrl: upstream.url, prompt: 'x', turns: 3 });
    expect(result).toMatchObject({ requests: 3, problem: 'the model still called tools after 3 requests' });
  });
});
