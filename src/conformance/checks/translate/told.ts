import { type Check, type ConformanceProfile, EVERY_CLIENT } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { startOf } from '../shared/words.ts';
import { readToldModel, type ToldModel, type Turn } from './read-request.ts';

type Json = Record<string, unknown>;

export const ALL_CLIENTS: readonly ConformanceProfile[] = ['codex', 'open-responses', 'openai', 'anthropic'];
export const UP = { where: 'upstream request' } as const;
export const DOWN = { where: 'answer' } as const;

/** 1 × 1 pixels. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** What most checks of translations have in common. */
export const TRANSLATED = {
  revision: 1,
  profiles: ALL_CLIENTS,
  needs: 'upstream',
  clients: EVERY_CLIENT,
  pair: 'translated',
} as const satisfies Partial<Check>;

/** Notes what a strict provider refused, with the place in the gateway's request. */
export function expectTaken(t: Trial): void {
  const [refusal] = t.upstream.refusals;
  if (!refusal) return;
  const { message, ...place } = refusal;
  t.expect(false, `the provider refuses what the gateway sends: ${message}`, { ...UP, ...place });
}

/** A request as its provider got it. */
export interface AsTold {
  json: Json;
  model: ToldModel;
}

/** Sends a body, and reads what the provider was told; a provider that refuses it is a fault, no request at all is the end. */
export async function tell(t: Trial, body: Json): Promise<AsTold> {
  const reply = await t.call({ body });
  const text = await reply.text();
  expectTaken(t);
  const { calls } = t.upstream;
  if (calls.length === 0) return t.stop('fail', `answered with ${reply.status} and not sent on: ${startOf(text, 300)}`);
  const json = t.sentUp();
  return { json, model: readToldModel(t.route.upstream ?? t.protocol, json) };
}

/** The texts of turns, each with who said it. */
export function textsOf(turns: readonly Turn[]): [string, string][] {
  return turns.flatMap((turn): [string, string][] => (turn.kind === 'text' ? [[turn.role, turn.text]] : []));
}

/** The JSON of a text; the text itself where it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return text;
  }
}
