import type { RouteFacts } from '../../report/conformance/model.ts';
import { truncateText } from '../../report/text.ts';
import { headerValue } from '../../util/headers.ts';
import type { Protocol } from '../../util/types.ts';
import { type Check, EVERY_CLIENT, type Route } from '../check.ts';
import type { Observed } from './observed.ts';
import { type Ground, tryCheck } from './try-check.ts';

/** What the canaries found out. */
export interface FoundRoutes {
  routes: RouteFacts[];
  /** Why it seems that a request went to somebody else, who may charge for it; in words that follow "A request". */
  elsewhere: string | undefined;
}

/** Statuses that say that there is no such endpoint. */
const NOT_OFFERED = [404, 405, 501];

/**
 * Sends one canary for each model in each client protocol, the first one alone: when a model that is not ours answers, nothing more is
 * sent.
 */
export async function findRoutes(ground: Ground, models: readonly string[]): Promise<FoundRoutes> {
  const routes: RouteFacts[] = [];
  for (const model of models) {
    for (const client of EVERY_CLIENT) {
      const { facts, elsewhere, late } = await sendCanary(ground, client, model);
      routes.push(facts);
      if (elsewhere) return { routes, elsewhere: ELSEWHERE.answered };
      if (late && !routes.some(({ state }) => state === 'open')) return { routes, elsewhere: ELSEWHERE.late };
    }
  }
  return { routes, elsewhere: undefined };
}

const ELSEWHERE = {
  answered: 'was answered, and not by the scripted upstream: the gateway is wired to another provider',
  late: 'was not answered in time and did not reach the scripted upstream: the gateway may be wired to another provider',
} as const;

/** `elsewhere`: a model answered that is not ours. `late`: perhaps one would have. */
async function sendCanary(
  ground: Ground,
  client: Protocol,
  model: string,
): Promise<{ facts: RouteFacts; elsewhere: boolean; late: boolean }> {
  let status = 0;
  let text = '';
  const canary: Check = {
    ...CANARY,
    async run(trial) {
      const reply = await trial.call({ body: trial.prompt({ text: 'Say hello.' }) });
      status = reply.status;
      text = reply.status === 0 ? (reply.problem ?? '') : await reply.text();
    },
  };
  const tried = await tryCheck(canary, { client, model }, ground, { attempt: 0, alone: true });
  const detail =
    status === 0 ? (tried.reason ?? tried.faults[0]?.message ?? text) : `${status} ${truncateText(text, 300)}`;
  const place = { client, model };
  const { late } = tried;
  const nothing = { elsewhere: false, late: false };
  if (ground.room === undefined)
    return { facts: { ...place, ...(status === 200 ? OPEN : closed(status, detail)) }, ...nothing };
  const upstream = tried.observed.flatMap(({ attempts }) => attempts).find(({ protocol }) => protocol)?.protocol;
  if (upstream) return { facts: { ...place, upstream, ...OPEN, ...(status === 200 ? {} : { detail }) }, ...nothing };
  const elsewhere = status === 200 && /event-stream|json/.test(contentTypeOf(tried.observed));
  return { facts: { ...place, ...closed(status, detail) }, elsewhere, late };
}

const OPEN = { state: 'open' } as const;

function closed(status: number, detail: string): Pick<RouteFacts, 'state' | 'detail'> {
  return { state: NOT_OFFERED.includes(status) ? 'not-offered' : 'failed', detail };
}

function contentTypeOf(observed: readonly Observed[]): string {
  return headerValue(observed.at(-1)?.response?.headers ?? [], 'content-type') ?? '';
}

const CANARY: Omit<Check, 'run'> = {
  id: 'wire.canary.reaches',
  revision: 1,
  requirement: 'A plain request reaches the scripted upstream.',
  source: 'how hermetic runs work',
  level: 'must',
  profiles: [],
  needs: 'model',
};

/** Whether the gateway lets a plain request through once more; waits for it up to `limitMs`. */
export async function recovers(ground: Ground, route: RouteFacts, limitMs: number): Promise<boolean> {
  const until = Date.now() + limitMs;
  for (let attempt = 1; ; attempt++) {
    let status = 0;
    const canary: Check = {
      ...CANARY,
      id: 'wire.canary.recovery',
      async run(trial) {
        const reply = await trial.call({ body: trial.prompt({ text: 'Say hello again.' }) });
        status = reply.status;
        await reply.bytes();
      },
    };
    const tried = await tryCheck(canary, route, ground, { attempt, alone: true });
    if (status === 200 && tried.verdict === 'pass') return true;
    if (Date.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/**
 * Whether a plain request is answered in half the time that a check has: where it is not, a gateway may be slow, or the machine busy, and
 * that something came late says little.
 */
export async function isPrompt(ground: Ground, { client, model }: Route): Promise<boolean> {
  if (ground.room === undefined) return true;
  const check: Check = {
    ...CANARY,
    id: 'wire.canary.prompt',
    run: async (trial) => void (await (await trial.call({ body: trial.prompt() })).bytes()),
  };
  const half = { ...ground, timeoutMs: ground.timeoutMs / 2 };
  return !(await tryCheck(check, { client, model }, half, { attempt: 1, alone: true })).late;
}

/** Between two looks whether the gateway has recovered: often enough to lose no time, seldom enough to be no load. */
const RETRY_MS = 250;
