import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatCount } from '../../report/format.ts';
import { fromUtf8 } from '../../util/bytes.ts';
import type { Check } from '../check.ts';
import { lacksText } from '../checks/codex/answers.ts';
import { OTHER_SCHEMA } from '../checks/responses/offered.ts';
import { type CodexRun, runCodex } from '../codex.ts';
import { createCodexHome, isAtLeast } from '../codex-home.ts';
import type { Trial } from '../harness/trial.ts';
import { judgeRun, missingItems, retriesOf } from './codex-judge.ts';
import { REAL_SCENARIOS, type RealScenario } from './codex-scenarios.ts';
import { isForTurn, isUpgrade, lostOn } from './lost.ts';
import { expectSent, type Seen, throughGateway } from './stage.ts';

/** A binary of Codex, which is fetched when it is first asked for. */
export interface CodexBinary {
  /** `x.y.z`. */
  version: string;
  path(): Promise<string>;
}

/** A run of Codex begins about ten threads, and waits several times for what a check waits for once. */
const PATIENCE = 6;

/** Every scenario with every version: real Codex binaries as clients of the gateway. */
export function codexChecks(binaries: readonly CodexBinary[]): Check[] {
  return REAL_SCENARIOS.flatMap((scenario) => binaries.map((binary) => checkOf(scenario, binary)));
}

function checkOf(real: RealScenario, binary: CodexBinary): Check {
  const { rule, requirement, source } = real;
  return {
    id: `codex.real.${rule}`,
    revision: 1,
    ...{ requirement, source },
    level: 'must',
    profiles: ['codex'],
    ...(real.codex ? { codex: real.codex } : {}),
    needs: 'upstream',
    clients: ['responses'],
    alone: real.provokes ? 'provokes' : 'unmarked',
    patience: PATIENCE * (real.patience ?? 1),
    client: `Codex ${binary.version}`,
    run: (t) => tryScenario(t, real, binary),
  };
}

async function tryScenario(t: Trial, real: RealScenario, binary: CodexBinary): Promise<void> {
  const { version } = binary;
  if (real.since !== undefined && !isAtLeast(version, real.since))
    t.stop('not-applicable', `Codex does this from ${real.since} on`);
  const builtIn = real.setup?.provider === 'built-in';
  if (builtIn && Object.keys(t.extraHeaders).length > 0)
    t.stop('inconclusive', "Codex's own provider cannot be given the headers that this gateway wants");
  const seen = await throughGateway(t, real.scenario.script(version), (url) => runAll(t, real, binary, url));
  if (real.tool !== undefined && !offers(seen, real.tool))
    t.stop('not-applicable', `Codex ${version} does not offer ${real.tool} to the model ${t.model}`);
  if (real.tool !== undefined && lacksText(t, real.tool)) t.stop('inconclusive', OTHER_SCHEMA);
  judge(t, real, seen);
}

async function runAll(t: Trial, real: RealScenario, binary: CodexBinary, baseUrl: string): Promise<CodexRun[]> {
  const { version } = binary;
  const path = await binary.path();
  const home = await createCodexHome({
    ...{ provider: 'custom', login: 'key', ...real.setup, version, baseUrl, model: t.model },
    headers: t.extraHeaders,
  });
  try {
    for (const [name, bytes] of Object.entries(real.scenario.files ?? {}))
      await writeFile(join(home.workspace, name), bytes);
    const runs: CodexRun[] = [];
    for (const { expect, prompt, ...run } of real.scenario.runs(version)) {
      const marked = `${prompt} [${t.marker}]`;
      const done = await runCodex({ ...run, prompt: marked, binary: path, home, timeoutMs: t.timeoutMs });
      runs.push(done);
      const problems = judgeRun(done, expect);
      // It got through although the provider wanted it to stop: against its wish, and to nobody's harm.
      const better = expect.code !== 0 && done.code === 0 ? { lesser: true as const } : {};
      for (const problem of problems) t.expect(false, problem, { where: 'answer', ...better });
      // Further runs go on from this one.
      if (problems.length > 0) break;
    }
    return runs;
  } finally {
    await home.remove();
  }
}

/** By the first request for a turn: later ones have the call of the script in them. */
function offers({ exchanges, turns }: Seen<unknown>, tool: string): boolean {
  const sent = exchanges.find(isForTurn);
  const texts = [sent ? fromUtf8(sent.requestBody) : '', JSON.stringify(turns[0]?.json ?? {})];
  return texts.some((text) => text.includes(`"${tool}"`));
}

function judge(t: Trial, real: RealScenario, { result: runs, exchanges, turns }: Seen<CodexRun[]>): void {
  for (const message of missingItems(runs, real.items)) t.expect(false, message, { where: 'answer' });
  expectSent(t, turns, real.sent ?? []);
  const lost = lostOn(exchanges);
  if (lost === undefined || real.provokes) return;
  // One upgrade that is refused is how a gateway says that it has no WebSocket.
  const refused = exchanges.filter(isUpgrade).map(({ response }) => response?.status ?? 0);
  if (lost.attempts === 1 && refused.length === 1 && refused[0] === 426) return;
  t.lost = lost;
  const upgrades =
    refused.length === 0 ? '' : `, ${refused.length} of it by an upgrade to WebSocket (${statusText(refused)})`;
  const [said] = retriesOf(runs);
  t.expect(
    false,
    `Codex tried ${formatCount(lost.attempts, 'time')} in vain${upgrades}${said === undefined ? '' : `: ${said}`}`,
    {
      where: 'answer',
      lesser: true,
    },
  );
}

function statusText(statuses: readonly number[]): string {
  return [...new Set(statuses)].map((status) => (status === 0 ? 'no answer' : status)).join(', ');
}
