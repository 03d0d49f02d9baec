import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { withCompaction } from '../../../src/translate/compaction.ts';
import { composeHops } from '../../../src/translate/compose.ts';
import { type Dialect, defaultDialect, findDialect } from '../../../src/translate/dialects.ts';
import { findHop } from '../../../src/translate/hops.ts';
import type { Hop, Plan, Refusal } from '../../../src/translate/types.ts';
import type { Loss, Protocol } from '../../../src/util/types.ts';
import { makeContext } from '../../helpers/translate.ts';
import { compareLeaves, type Leaf, leavesOf, type Verdict } from '../helpers/leaves.ts';

/** What becomes of one type in one direction. */
export interface Cell {
  text: string;
  /** Values of the sample that are nowhere, and that no loss names. */
  silent: string[];
  losses: Loss[];
}

/** A document with a sample of one type in it. */
export interface Sampled {
  document: JsonObject;
  /** JSON pointer of the sample. */
  path: string;
  /** The same without the sample. */
  bare: JsonObject;
  /** Values that were made up for the sample. */
  made: ReadonlySet<unknown>;
  /** Of an answer: the request that it is for. */
  request?: JsonObject;
}

/** The providers by whose tables the coverage is told: they take the most. */
export const PROVIDERS = {
  responses: defaultDialect('responses'),
  chat: findDialect('openai', 'chat')!,
  messages: findDialect('anthropic', 'messages')!,
} as const satisfies Record<Protocol, Dialect>;

/** What stands in the middle of a composition. */
export const HUB: Dialect = findHub();

function findHub(): Dialect {
  const seen: Dialect[] = [];
  const second = findHop('responses', 'chat')!;
  const first: Hop = {
    ...findHop('chat', 'responses')!,
    request(body, { dialect }) {
      seen.push(dialect);
      return {
        body,
        losses: [],
        plan: { request: body, model: '', tools: new Map(), callIds: new Map(), stream: false },
      };
    },
  };
  composeHops(first, second).request({}, makeContext(PROVIDERS.chat));
  return seen[0]!;
}

/** One hop of the way: what went in, what came out. */
export interface Stage {
  source: JsonObject;
  target: JsonObject;
  losses: Loss[];
  plan?: Plan;
  dialect: Dialect;
}

type Run = (document: JsonObject) => Stage[] | string;

/** The hops from one protocol to the other, as the proxy has them: Responses is the hub. */
function hopsBetween(client: Protocol, upstream: Protocol): Hop[] {
  return client === 'responses' || upstream === 'responses'
    ? [hopOf(client, upstream)]
    : [hopOf(client, 'responses'), hopOf('responses', upstream)];
}

const HOPS = new Map<string, Hop>();

function hopOf(client: Protocol, upstream: Protocol): Hop {
  const key = `${client} ${upstream}`;
  const hop = HOPS.get(key) ?? findHop(client, upstream)!;
  const whole = client === 'responses' && !HOPS.has(key) ? withCompaction(hop) : hop;
  HOPS.set(key, whole);
  return whole;
}

export function judgeRequest(from: Protocol, to: Protocol, sampled: Sampled): Cell {
  return judge(sampled, (document) => {
    const stages = runRequest(document, hopsBetween(from, to));
    return 'problem' in stages ? `refused: \`${stages.problem.code}\`` : stages;
  });
}

/** A request through one hop after the other. */
export function runRequest(document: JsonObject, hops: readonly Hop[], dialects = PROVIDERS): Stage[] | Refusal {
  const stages: Stage[] = [];
  let source = document;
  for (const [index, hop] of hops.entries()) {
    const dialect = index < hops.length - 1 && hop.upstream === 'responses' ? HUB : dialects[hop.upstream];
    const result = hop.request(source, makeContext(dialect));
    if ('problem' in result) return result;
    stages.push({ source, target: result.body, losses: result.losses, plan: result.plan, dialect });
    source = result.body;
  }
  return stages;
}

/** The leaves of a document that some hop of its way has dropped without a word. */
export function silentLeaves(stages: readonly Stage[]): Leaf[] {
  const verdicts = stages.map((stage) => compareLeaves(stage));
  return leavesOf(stages[0]!.source).filter((leaf) => fateOf(leaf, verdicts) === 'silent');
}

/** @param from the provider's protocol @param to the client's */
export function judgeAnswer(from: Protocol, to: Protocol, sampled: Sampled): Cell {
  return judge(sampled, (document) => {
    const stages: Stage[] = [];
    const plans = plansOf(to, from, sampled.request);
    let source = document;
    for (const hop of hopsBetween(to, from).reverse()) {
      const dialect = PROVIDERS[hop.upstream];
      const plan = plans.get(hop)!;
      const { body, losses } = hop.response(source, { ...makeContext(dialect), plan });
      stages.push({ source, target: body, losses, plan, dialect });
      source = body;
    }
    return stages;
  });
}

/** What each hop knows of the request; a request with a stream when there is none. */
export function plansOf(client: Protocol, upstream: Protocol, request: JsonObject = {}): Map<Hop, Plan> {
  const plans = new Map<Hop, Plan>();
  let source: JsonObject = { model: 'model_1', stream: true, ...request };
  for (const hop of hopsBetween(client, upstream)) {
    const result = hop.request(source, makeContext(PROVIDERS[hop.upstream]));
    if ('problem' in result) throw new Error(result.problem.message);
    plans.set(hop, result.plan);
    source = result.body;
  }
  return plans;
}

/** `reformed`: carried by a rule, in another form or by saying nothing. */
type Fate = { leaf: Leaf; fate: 'carried' | 'reformed' | 'lost' | 'silent' };

function judge(sampled: Sampled, run: Run): Cell {
  const stages = run(sampled.document);
  if (typeof stages === 'string') return { text: stages, silent: [], losses: [] };
  const verdicts = stages.map((stage) => compareLeaves(stage));
  const fates = leavesOf(sampled.document)
    .filter(({ path }) => isWithin(path, sampled.path))
    .map((leaf) => ({ leaf, fate: fateOf(leaf, verdicts) }));
  const bare = run(sampled.bare);
  const before = typeof bare === 'string' ? [] : bare.flatMap(({ losses }) => losses.map(keyOf));
  const losses = stages
    .flatMap((stage) => stage.losses)
    .filter((loss) => !before.includes(keyOf(loss)) || isWithin(loss.path, sampled.path));
  const target = JSON.stringify(stages.at(-1)!.target);
  const noticed = typeof bare === 'string' || target !== JSON.stringify(bare.at(-1)!.target);
  return tellCell(fates, losses, sampled, noticed);
}

function isWithin(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}/`);
}

function keyOf({ path, reason }: Loss): string {
  return `${path} ${reason}`;
}

function fateOf(leaf: Leaf, verdicts: readonly Verdict[]): Fate['fate'] {
  const [first, ...others] = verdicts as [Verdict, ...Verdict[]];
  if (holds(first.silent, leaf)) return 'silent';
  if (holds(first.lost, leaf)) return 'lost';
  if (!holds(first.carried, leaf)) return 'reformed';
  for (const verdict of others) {
    if (verdict.silent.some(({ value }) => isSame(value, leaf.value))) return 'silent';
    if (verdict.lost.some(({ value }) => isSame(value, leaf.value))) return 'lost';
  }
  return 'carried';
}

function holds(leaves: readonly Leaf[], { path }: Leaf): boolean {
  return leaves.some((one) => one.path === path);
}

/** In the middle of a way, a value stands under another path, and maybe within another text. */
function isSame(a: Leaf['value'], b: Leaf['value']): boolean {
  if (a === b) return true;
  if (typeof a !== 'string' || typeof b !== 'string' || Math.min(a.length, b.length) < 5) return false;
  return a.includes(b) || b.includes(a);
}

const NEUTRAL = 'not applicable: the same holds when nothing is said';

/** @param noticed the sample changes the target in some way */
function tellCell(fates: readonly Fate[], losses: Loss[], { path, made }: Sampled, noticed: boolean): Cell {
  const own = fates.filter(({ leaf }) => made.has(leaf.value));
  const silent = fates.filter(({ fate }) => fate === 'silent').map(({ leaf }) => `${leaf.path} ${leaf.value}`);
  if (!noticed && losses.length === 0 && silent.length === 0) {
    if (own.length === 0) return { text: NEUTRAL, silent, losses };
    silent.push(`${path} changes nothing`);
  }
  const whole = losses.some((loss) => isWithin(path, loss.path));
  const found = own.some(({ fate }) => fate === 'carried' || fate === 'reformed');
  const words = fates.some(({ leaf, fate }) => fate === 'carried' || (fate === 'reformed' && leaf.key !== 'type'));
  // Where the whole sample is told to be lost, words that it shares with others do not count as found.
  const carried = found || (noticed && words && !(whole && own.length > 0)) || (noticed && fates.length === 1 && words);
  if (!carried && !(noticed && losses.length === 0))
    return { text: `loss: ${reasonsOf(losses, path)}`, silent, losses };
  const lost = fates.filter(({ fate }) => fate === 'lost');
  const fields = [...new Set(lost.map(({ leaf }) => fieldOf(leaf.path, path, losses)))].sort();
  if (fields.length > 0) {
    return { text: `carried, without ${fields.map((name) => `\`${name}\``).join(', ')}`, silent, losses };
  }
  const changed = losses.filter((loss) => loss.path === path);
  return { text: changed.length > 0 ? `carried: ${reasonsOf(changed, path)}` : 'carried', silent, losses };
}

/** Of the losses that name the sample as a whole where there are any, else of all. */
function reasonsOf(losses: readonly Loss[], path: string): string {
  const whole = losses.filter((loss) => isWithin(path, loss.path));
  return [...new Set((whole.length > 0 ? whole : losses).map(({ reason }) => reason))].join('; ');
}

/** What is lost below the sample: as far as the loss says it, else the first name. */
function fieldOf(path: string, parent: string, losses: readonly Loss[]): string {
  const told = losses.map((loss) => loss.path).filter((one) => isWithin(path, one) && one.length > parent.length);
  const longest = told.sort((a, b) => b.length - a.length)[0];
  const names = (longest ?? path)
    .slice(parent.length + 1)
    .split('/')
    .filter((step) => step !== '' && !/^\d+$/.test(step));
  return (longest ? names.join('.') : names[0]) || parent.split('/').at(-1)!;
}
