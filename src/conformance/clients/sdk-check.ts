import type { Protocol } from '../../util/types.ts';
import type { Check, ConformanceProfile } from '../check.ts';
import { stopOf } from '../harness/stop.ts';
import type { Trial } from '../harness/trial.ts';
import { answerItems, problem } from '../provider/default-answer.ts';
import type { ScriptedItem } from '../provider/responses.ts';
import type { ReceivedRequest, ScriptStep } from '../script.ts';
import { loadSdk, type SdkPackage } from './install-sdk.ts';
import { expectSent, throughGateway } from './stage.ts';

/** What an official SDK is asked to do through a gateway. `C`: the class of its client. */
export interface SdkCase<C> {
  /** Last part of the check's id. */
  rule: string;
  requirement: string;
  protocol: Protocol;
  script: readonly ScriptStep[];
  /** What stands in each request at the provider. */
  sent: readonly (readonly RegExp[])[];
  provokes?: true;
  /** Some of its requests do not have the prompt, and so no marker. */
  unmarked?: true;
  /** What else has to hold of the requests at the provider. */
  judge?(t: Trial, turns: readonly ReceivedRequest[]): void;
  run(client: C, t: Trial): Promise<void>;
}

/** An SDK, and how a client of it is made. */
export interface Sdk<C> {
  /** As `--client` names it. */
  name: string;
  package: SdkPackage;
  profiles: readonly ConformanceProfile[];
  /** @param baseUrl with `/v1` */
  connect(clientClass: unknown, baseUrl: string, t: Trial): C;
  cases: readonly SdkCase<C>[];
}

/** The checks of an SDK in a version. */
export function sdkChecks<C>(sdk: Sdk<C>, version: string): Check[] {
  return sdk.cases.map((one) => ({
    id: `${one.protocol}.${sdk.name}.${one.rule}`,
    revision: 1,
    requirement: one.requirement,
    source: `npm ${sdk.package.name} ${version}, run for real`,
    level: 'must',
    profiles: sdk.profiles,
    needs: 'upstream',
    clients: [one.protocol],
    ...(one.provokes ? { alone: 'provokes' as const } : one.unmarked ? { alone: 'unmarked' as const } : {}),
    patience: 3,
    client: `${sdk.package.name} ${version}`,
    run: (t) => runCase(t, sdk, one, version),
  }));
}

async function runCase<C>(t: Trial, sdk: Sdk<C>, one: SdkCase<C>, version: string): Promise<void> {
  const clientClass = await loadSdk({ ...sdk.package, version });
  const { turns } = await throughGateway(t, one.script, async (baseUrl) => {
    try {
      await t.within(one.run(sdk.connect(clientClass, baseUrl, t), t), 'the end of what the SDK does');
    } catch (error) {
      if (stopOf(error)) throw error;
      t.expect(false, `the SDK threw ${nameOf(error)}`, { where: 'answer' });
    }
  });
  expectSent(t, turns, one.sent);
  one.judge?.(t, turns);
}

/** `RateLimitError: 429 …` */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.constructor.name}: ${error.message}`;
}

export const CITY = 'Reykjavik';

/** Stands nowhere but in what the tool gives back. */
export const TOOL_RESULT = 'nine-degrees-and-rain';

export const FORECAST = 'It rains, and nine degrees it is.';

/** What the model says where an object is asked for. */
export const WEATHER = { city: CITY, degrees: 9 };

export const WEATHER_SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, degrees: { type: 'integer' } },
  required: ['city', 'degrees'],
  additionalProperties: false,
};

export function turn(...items: ScriptedItem[]): ScriptStep {
  return { when: { turn: true }, answer: answerItems({ items }) };
}

export function say(text: string): ScriptStep {
  return turn({ type: 'message', text });
}

export function callWeather(): ScriptStep {
  return turn({ type: 'function_call', name: 'get_weather', arguments: { city: CITY } });
}

/** A 429 in the shape of whatever protocol the provider is asked in. */
export const REFUSE: ScriptStep = {
  when: { turn: true },
  answer: (request) => problem(request, 429, 'rate_limit_exceeded', 'Rate limit reached.'),
};

/** Notes what is not right with the error of a refused request. */
export async function expectRateLimit(t: Trial, asked: Promise<unknown>): Promise<void> {
  const error: unknown = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!t.expect(error !== undefined, 'a refused request threw no error', { where: 'answer' })) return;
  t.expect((error as Error).constructor.name === 'RateLimitError', `a 429 of the provider came as ${nameOf(error)}`, {
    where: 'answer',
  });
}
