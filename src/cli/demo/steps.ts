import { startScriptedUpstream } from '../../conformance/scripted-upstream.ts';
import { loadCassette, playSession, recordSession } from '../../conformance/session.ts';
import { formatBytes, formatCount } from '../../report/format.ts';
import { validateExchange } from '../../validate/exchange.ts';
import type { Profile } from '../../validate/findings.ts';
import { findSecrets } from '../../validate/secrets.ts';
import { DEMO_SCENARIO, type DemoClient } from './client.ts';

/** One thing that the demo shows. */
export interface DemoStep {
  name: 'record' | 'validate' | 'play';
  ok: boolean;
  /** One line: what happened. */
  text: string;
  /** What went wrong; empty when `ok`. */
  problems: string[];
  ms: number;
}

export interface DemoResult {
  ok: boolean;
  client: string;
  cassette: string;
  prompt: string;
  /** What the client printed in the end, the same both times when all went well. */
  finalText: string | undefined;
  steps: DemoStep[];
}

const PROFILES: Profile[] = ['tolerant', 'codex'];

type Outcome = Omit<DemoStep, 'name' | 'ms' | 'ok'>;

/** Records, validates and plays; a step after one that left nothing to work on is not taken. */
export async function runDemo(client: DemoClient, path: string, force: boolean): Promise<DemoResult> {
  const steps: DemoStep[] = [];
  const take = async (name: DemoStep['name'], step: () => Promise<Outcome>): Promise<boolean> => {
    const began = performance.now();
    const outcome = await step();
    const ok = outcome.problems.length === 0;
    steps.push({ name, ok, ...outcome, ms: Math.round(performance.now() - began) });
    return ok;
  };
  let finalText: string | undefined;
  const recorded = await take('record', async () => {
    const { text, problems, said } = await record(client, path, force);
    finalText = said;
    return { text, problems };
  });
  if (recorded) {
    await take('validate', () => validate(path));
    await take('play', () => play(client, path, finalText));
  }
  const { name, prompt } = client;
  return { ok: steps.every(({ ok }) => ok), client: name, cassette: path, prompt, finalText, steps };
}

async function record(client: DemoClient, path: string, force: boolean): Promise<Outcome & { said?: string }> {
  const upstream = await startScriptedUpstream({ script: DEMO_SCENARIO.script(client.version) });
  try {
    const { result, summary } = await recordSession({ upstream: upstream.url, path, force }, client.run);
    const whole = summary.exchanges === upstream.requests.length && summary.failed === undefined;
    const lost = `${summary.exchanges} of ${upstream.requests.length} exchanges are in the cassette`;
    const size = `${formatCount(summary.exchanges, 'exchange')}, ${formatBytes(summary.bytes)}`;
    return {
      text: `${client.name} spoke to a scripted provider: ${size}`,
      problems: [...result.problems, ...(whole ? [] : [summary.failed ?? lost])],
      ...(result.finalText === undefined ? {} : { said: result.finalText }),
    };
  } finally {
    // Nothing answers at its address from here on.
    await upstream.close();
  }
}

async function validate(path: string): Promise<Outcome> {
  const { exchanges } = await loadCassette(path);
  const findings = exchanges.flatMap((exchange) => [
    ...validateExchange(exchange, { profiles: PROFILES }),
    ...findSecrets(exchange),
  ]);
  const errors = findings.filter(({ severity }) => severity === 'error');
  return {
    text: `${formatCount(exchanges.length * 4, 'leg')} under ${PROFILES.join(' and ')}: ${formatCount(errors.length, 'error')}`,
    problems: errors.map(({ exchange, leg, message }) => `${exchange} ${leg}: ${message}`),
  };
}

async function play(client: DemoClient, path: string, recorded: string | undefined): Promise<Outcome> {
  const { result, served, misses, leftovers } = await playSession({ path }, client.run);
  const same = result.finalText === recorded;
  return {
    text: `the provider is gone; ${formatCount(served, 'request')} answered from the cassette, the same final answer`,
    problems: [
      ...result.problems,
      ...(same ? [] : [`the final answer was ${JSON.stringify(result.finalText)}`]),
      ...misses.map(({ target }) => `no recording for ${target}`),
      ...leftovers.map(({ id }) => `exchange ${id} was not asked for`),
    ],
  };
}
