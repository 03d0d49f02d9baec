import { TapedeckError } from '../../errors.ts';
import { oneLine, truncateText } from '../../report/text.ts';
import { type Check, EVERY_CLIENT } from '../check.ts';
import type { JudgedJob } from './judge.ts';
import { endpointPath } from './prompt.ts';
import { asTold, type Replacements } from './secrets.ts';
import { type Ground, tryCheck } from './try-check.ts';

/** A body that no API takes, so that nothing is asked of a model. */
const NO_JSON = '{';

/** What can be had without a model, and what many gateways ask their provider for. */
const LIST_OF_MODELS = '/models';

/** Statuses that say that there is no such endpoint, for this method at least. */
const NOT_THERE: ReadonlySet<number> = new Set([404, 405, 501]);

/** What a gateway answers in the place of a provider that it cannot reach (RFC 9110 sections 15.6.3 to 15.6.5). */
const PROVIDER_GONE: ReadonlySet<number> = new Set([502, 503, 504]);

const SHOWN = 200;

interface Probe {
  /** `GET /models`. */
  asked: string;
  /** 0: the connection ended; undefined: nothing came in time. */
  status: number | undefined;
  type: string;
  text: string;
}

/**
 * Looks whether something at the base URL has an endpoint of an API at all; where that is a list of models which its provider would have to
 * give and cannot, gives back what it says instead. Nothing is sent that a provider could charge for.
 * @throws TapedeckError `gateway-unreachable` where it has none
 */
export async function probeGateway(ground: Ground, replacements: Replacements): Promise<string | undefined> {
  const [models, ...posts] = await Promise.all([
    probe(ground, LIST_OF_MODELS),
    ...EVERY_CLIENT.map((client) => probe(ground, endpointPath(client), NO_JSON)),
  ]);
  const all = [models, ...posts];
  if (!all.some(isEndpoint)) {
    const told = all.map((one) => asTold({ detail: tellProbe(one) }, replacements).detail);
    const message = `What answers at ${ground.baseUrl} is no gateway, or its base URL is another one.`;
    throw new TapedeckError('gateway-unreachable', `${message}\n  ${told.join('\n  ')}`, {
      hint: 'Give the base URL that a client would be given; for most gateways it ends in /v1.',
    });
  }
  return models.status !== undefined && PROVIDER_GONE.has(models.status) ? tellProbe(models) : undefined;
}

async function probe(ground: Ground, path: string, body?: string): Promise<Probe> {
  const method = body === undefined ? 'GET' : 'POST';
  const found: Probe = { asked: `${method} ${path}`, status: undefined, type: '', text: '' };
  const check: Check = {
    ...{ id: `wire.canary.probe${path}`, revision: 1, requirement: 'There is an API.', source: 'how basic runs work' },
    ...{ level: 'must', profiles: [], needs: 'gateway' },
    async run(trial) {
      const reply = await trial.call({ method, path, ...(body === undefined ? {} : { body }) });
      found.status = reply.status;
      found.type = reply.header('content-type') ?? '';
      found.text = reply.status === 0 ? (reply.problem ?? '') : await reply.text();
    },
  };
  await tryCheck(check, { client: 'responses', model: 'tapedeck-unknown-model' }, ground, { attempt: 0, alone: false });
  return found;
}

/** A page is none, unless a proxy in front of the gateway says with it that the gateway is down; what is late may be one. */
function isEndpoint({ status, type, text }: Probe): boolean {
  if (status === undefined) return true;
  if (status === 0 || NOT_THERE.has(status) || (status >= 300 && status < 400)) return false;
  const isPage = /html/i.test(type) || /^\s*<(?:!doctype|html)/i.test(text);
  return !isPage || status >= 500;
}

function tellProbe({ asked, status, text }: Probe): string {
  const said = truncateText(oneLine(text), SHOWN);
  if (status === 0) return `${asked}: the connection ended before an answer came (${said})`;
  return `${asked} is answered with ${status}: ${said}`;
}

/** What a run says of itself when the provider of the gateway cannot be reached. */
export const WITHOUT_PROVIDER = 'what the gateway asks its provider for: that provider cannot be reached';

/** What the gateway answered only because it cannot reach its provider says nothing about the gateway. @param told what `probeGateway` gave back */
export function withoutProvider(judged: JudgedJob, told: string): JudgedJob {
  const { result, observed } = judged;
  const well = result.verdict === 'pass' || result.verdict === 'not-applicable';
  if (well || !observed.some(({ response }) => response && PROVIDER_GONE.has(response.status))) return judged;
  const { faults: _, notes: __, ...rest } = result;
  return {
    ...judged,
    result: { ...rest, verdict: 'inconclusive', reason: `the provider behind the gateway cannot be reached: ${told}` },
  };
}
