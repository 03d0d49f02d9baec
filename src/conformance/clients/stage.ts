import { startProxy } from '../../proxy/server.ts';
import type { Endpoint } from '../../route/endpoints.ts';
import type { Observed } from '../harness/observed.ts';
import type { Trial } from '../harness/trial.ts';
import { defaultAnswer, problem } from '../provider/default-answer.ts';
import { createScriptReader, isTurn, type ReceivedRequest, type ScriptStep } from '../script.ts';
import { createObserver } from './observer.ts';

/** A real client waits longer for an upgrade than the tap's own limit, and what it loses by that is to be seen. */
const UPGRADE_MS = 600_000;

/** What was seen of a client on both sides of the gateway. */
export interface Seen<T> {
  result: T;
  /** Between client and gateway, in the order in which they began. */
  exchanges: readonly Observed[];
  /** What a model was asked for at the upstream. */
  turns: readonly ReceivedRequest[];
}

/**
 * Lets a real client work through the gateway under test, with a provider that follows a script. The client is given the address of a
 * tap in front of the gateway, which passes everything on as it is but for the key: clients have a made-up one, and the tap
 * puts the gateway's own in its place.
 */
export async function throughGateway<T>(
  t: Trial,
  script: readonly ScriptStep[],
  use: (baseUrl: string) => Promise<T>,
): Promise<Seen<T>> {
  // A provider of the client's own protocol takes what its vendor's client sends, beta fields too, whatever the schema says.
  if (t.route.upstream === t.protocol) t.upstream.beLenient();
  const turns = playScript(t, script);
  const observer = createObserver();
  const tap = await startProxy({
    upstream: t.baseUrl,
    recorder: observer,
    upgradeMs: UPGRADE_MS,
    // What a refusal costs a client is to be seen.
    refusalsAsTheyAre: true,
    ...(t.key === undefined ? {} : { upstreamKey: t.key }),
  });
  try {
    return { result: await use(tap.url), exchanges: observer.exchanges, turns };
  } finally {
    await tap.close(0);
    t.addObserved(observer.exchanges);
  }
}

/** What the script has no answer for is refused with 400, on which no client tries again. */
function playScript(t: Trial, script: readonly ScriptStep[]): readonly ReceivedRequest[] {
  const nextStep = createScriptReader(script);
  const turns: ReceivedRequest[] = [];
  const counts = new Map<Endpoint, number>();
  t.upstream.answer((request, context) => {
    if (!isTurn(request)) return defaultAnswer(request, context);
    turns.push(request);
    // Others were asked before, so the count of the upstream is not this script's.
    const nth = (counts.get(request.endpoint) ?? 0) + 1;
    counts.set(request.endpoint, nth);
    const own = { ...request, nth, n: turns.length };
    const step = nextStep(own);
    if (!step) return problem(request, 400, 'script_over', `The script has no answer for request ${turns.length}.`);
    return typeof step.answer === 'function' ? step.answer(own, context) : step.answer;
  });
  return turns;
}

/** Notes what does not stand in the requests for a turn, one after the other, and what a strict provider refused of them. */
export function expectSent(t: Trial, turns: readonly ReceivedRequest[], sent: readonly (readonly RegExp[])[]): void {
  for (const { message, pointer } of t.upstream.refusals)
    t.expect(false, `the provider refused a request: ${message}`, {
      where: 'upstream request',
      ...(pointer === undefined ? {} : { pointer }),
    });
  for (const [i, patterns] of sent.entries()) {
    const request = turns[i];
    if (!t.expect(request !== undefined, `the provider was not asked for turn ${i + 1}`)) return;
    const text = JSON.stringify(request!.json ?? {});
    for (const pattern of patterns)
      t.expect(pattern.test(text), `nothing in request ${i + 1} for a turn is ${pattern}`, {
        where: 'upstream request',
      });
  }
}
