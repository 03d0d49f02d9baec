import { join } from 'node:path';
import { answerItems } from '../../../src/conformance/provider/default-answer.ts';
import type { ScriptStep } from '../../../src/conformance/script.ts';
import { startScriptedUpstream } from '../../../src/conformance/scripted-upstream.ts';
import { recordSession } from '../../../src/conformance/session.ts';
import type { TranslationOptions } from '../../../src/proxy/translated/setup.ts';
import { replayFile } from '../../../src/replay/suite.ts';
import type { CassetteResult, CheckResult, ReplayOptions } from '../../../src/report/results/model.ts';
import type { Protocol } from '../../../src/util/types.ts';
import { temporaryFolder } from '../../helpers/cassette-files.ts';

export const OPTIONS: ReplayOptions = { profiles: ['tolerant'], splits: 'fast', strict: false, bail: false };

export const say = (text: string): ScriptStep => ({
  when: { turn: true },
  answer: answerItems({ items: [{ type: 'message', text }] }),
});

export interface Session {
  speaks: readonly Protocol[];
  script?: readonly ScriptStep[];
  translation: TranslationOptions;
}

/** Records what `use` does against a proxy that translates; the path of the cassette. */
export async function record(session: Session, use: (url: string) => Promise<unknown>): Promise<string> {
  const upstream = await startScriptedUpstream({
    speaks: session.speaks,
    ...(session.script ? { script: session.script } : {}),
  });
  const path = join(temporaryFolder(), 'session.har');
  try {
    await recordSession({ upstream: upstream.url, path, translation: session.translation }, use);
  } finally {
    await upstream.close();
  }
  return path;
}

/** Posts JSON and reads the answer to its end; a number is as many bytes of it. */
export async function post(url: string, path: string, body: object): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.text();
}

export function replay(path: string, options: Partial<ReplayOptions> = {}, shard?: string): Promise<CassetteResult> {
  return replayFile(
    { path, name: 'session.har' },
    { options: { ...OPTIONS, ...options }, ...(shard === undefined ? {} : { shard }) },
  );
}

/** Results of one check, in the order of the exchanges. */
export function resultsOf({ exchanges }: Pick<CassetteResult, 'exchanges'>, check: string): CheckResult[] {
  return exchanges.flatMap(({ results }) => results.filter((result) => result.check === check));
}

export function verdictsOf(result: Pick<CassetteResult, 'exchanges'>, check: string): string[] {
  return resultsOf(result, check).map(({ verdict, reason }) => reason ?? verdict);
}

/** Messages of all failures. */
export function failuresOf({ exchanges }: Pick<CassetteResult, 'exchanges'>): string[] {
  return exchanges.flatMap(({ id, results }) =>
    results.flatMap(({ check, failures = [] }) => failures.map(({ message }) => `${id} ${check}: ${message}`)),
  );
}
