import { setTimeout as pause } from 'node:timers/promises';
import { legOf, type RecordedExchange } from '../cassette/legs.ts';
import { type CassetteReader, openCassette } from '../cassette/store.ts';
import { TapedeckError } from '../errors.ts';
import { AGAINST_CHECKS, type AgainstCheckId } from '../report/results/checks.ts';
import { orderFields } from '../report/results/merge.ts';
import {
  type CassetteResult,
  type CheckResult,
  countResults,
  type ExchangeResult,
  type ReplayOptions,
  type ReplayReport,
  receiptOf,
} from '../report/results/model.ts';
import { type BaseUrl, parseBaseUrl, upstreamUrl } from '../route/base-url.ts';
import { quoteForShell } from '../util/shell.ts';
import { VERSION } from '../util/version.ts';
import { Conversation } from './against/continue.ts';
import { JUDGES } from './against/judge.ts';
import { type Credentials, planRequest } from './against/recorded-request.ts';
import { sendToGateway } from './against/send.ts';
import { GatewaySockets } from './against/sockets.ts';
import type { Scene, Stage } from './against/stage.ts';
import { sourceOfCassette } from './exchange-source.ts';
import { indexSource, loadRecording } from './library.ts';
import { createFinder } from './match.ts';
import type { Speed } from './player.ts';
import { guardNetwork } from './polly/offline.ts';
import type { MatchRules } from './request.ts';
import type { RequestTable } from './request-table.ts';
import { describeExchange } from './suite/exchange.ts';
import { notApplicable } from './suite/result.ts';
import { type Filter, filterText, isInShard, parseFilter, parseShard, type Shard } from './suite/select.ts';
import type { SuiteInput } from './suite.ts';

export interface AgainstOptions {
  inputs: readonly SuiteInput[];
  options: ReplayOptions;
  /** `i/n` */
  shard?: string;
  /** Refuses a cassette that was edited. */
  pristine?: boolean;
  /** Base URL of the gateway. */
  url: string;
  /** The recorded upstream, which the gateway was told to use. */
  stage: Stage;
  /** Of the recorded time between the requests. */
  speed: Speed;
  credentials: Credentials;
  /** Field rules of the user's own. */
  rules?: MatchRules;
  /** The flags that a command line needs to do the same again. */
  flags: readonly string[];
  /** Told after each cassette. */
  onCassette?(result: CassetteResult): void;
}

/** Of one run over several cassettes. */
interface Run extends AgainstOptions {
  gateway: BaseUrl;
  filter: Filter | undefined;
  part: Shard | undefined;
}

/**
 * Sends the recorded client requests to a live gateway, one after the other and in recorded order, plays its upstream, and holds what
 * comes of it against what was recorded. What is wrong is in the report.
 * @throws TapedeckError `gateway-unreachable`
 */
export async function runAgainst(options: AgainstOptions): Promise<ReplayReport> {
  const { shard, stage } = options;
  const { filter } = options.options;
  const run: Run = {
    ...options,
    gateway: parseBaseUrl(options.url),
    filter: filter === undefined ? undefined : parseFilter(filter),
    part: shard === undefined ? undefined : parseShard(shard),
  };
  const guard = guardNetwork({ allow: [new URL(options.url).hostname] });
  const cassettes: CassetteResult[] = [];
  try {
    for (const input of [...options.inputs].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const before = stage.served;
      const result = await runCassette(input, run);
      const served = stage.served - before;
      cassettes.push(orderFields({ ...result, ...(served > 0 ? { served } : {}) }));
      options.onCassette?.(result);
      if (options.options.bail && result.exchanges.some(hasFailed)) break;
    }
  } finally {
    guard.end();
  }
  return {
    tapedeckReplay: 1,
    tool: VERSION,
    options: options.options,
    ...(shard === undefined ? {} : { shard }),
    counts: countResults(cassettes),
    receipt: receiptOf(cassettes, guard.denied.length),
    checks: [...AGAINST_CHECKS],
    cassettes,
  };
}

function hasFailed({ results }: ExchangeResult): boolean {
  return results.some(({ verdict }) => verdict === 'failed');
}

async function runCassette({ path, name }: SuiteInput, run: Run): Promise<CassetteResult> {
  const result: CassetteResult = { cassette: name, exchanges: [] };
  try {
    const cassette = await openCassette(path, { pristine: run.pristine ?? false });
    try {
      if (cassette.edited) result.edited = true;
      await performCassette(cassette, name, run, result);
    } finally {
      await cassette.close();
    }
  } catch (error) {
    if (!(error instanceof TapedeckError) || !error.code.startsWith('cassette-')) throw error;
    const { code, message, hint } = error;
    // The report names no path of this machine.
    const told = message.replaceAll(path.replace(/\.har$/, ''), name.replace(/\.har$/, ''));
    result.unreadable = { code, message: told, ...(hint === undefined ? {} : { hint }) };
  }
  return result;
}

/** What the exchanges of a cassette share. */
interface Backdrop {
  table: RequestTable;
  findElsewhere: Scene['findElsewhere'];
  base: BaseUrl | undefined;
  conversation: Conversation;
  sockets: GatewaySockets;
}

async function performCassette(cassette: CassetteReader, name: string, run: Run, result: CassetteResult) {
  const { url } = cassette.header.upstream;
  const base = URL.canParse(url) ? parseBaseUrl(url) : undefined;
  const source = await sourceOfCassette(cassette);
  const own = { ...(base ? { base } : {}), ...(run.rules ? { rules: run.rules } : {}) };
  const matching = { level: 'shape', side: 'upstream', ...own } as const;
  const table = await indexSource(source, { ...matching, repeat: 'last' });
  const finder = createFinder(table, { ...matching, repeat: 'last' });
  const backdrop: Backdrop = {
    base,
    table,
    async findElsewhere(asked) {
      const found = finder.find(asked);
      return 'hit' in found ? loadRecording(source, found.hit, 'upstream') : undefined;
    },
    conversation: new Conversation(),
    sockets: new GatewaySockets(),
  };
  try {
    await performAll(cassette, name, { run, backdrop, wait: createPacer(run.speed) }, result);
  } finally {
    await backdrop.sockets.close();
  }
}

/** What all exchanges of a cassette are performed with. */
interface Means {
  run: Run;
  backdrop: Backdrop;
  wait(startedAt: number): Promise<void>;
}

async function performAll(cassette: CassetteReader, name: string, means: Means, result: CassetteResult) {
  const { run } = means;
  let number = 0;
  for await (const exchange of cassette.exchanges()) {
    number += 1;
    if (!isInShard(run.part, name, exchange.id)) continue;
    const described = describeExchange(exchange, number);
    const checks = AGAINST_CHECKS.map(({ id }) => id).filter(
      (check) => !run.filter || run.filter(filterText(name, described, check)),
    );
    if (checks.length === 0) continue;
    const results = await performExchange(exchange, name, checks, means);
    result.exchanges.push({ ...described, results });
    if (run.options.bail && results.some(({ verdict }) => verdict === 'failed')) return;
  }
}

async function performExchange(
  exchange: RecordedExchange,
  name: string,
  checks: readonly AgainstCheckId[],
  { run, backdrop, wait }: Means,
): Promise<CheckResult[]> {
  const { table, findElsewhere, base, conversation, sockets } = backdrop;
  const planned = whyNotPlayed(exchange) ?? planRequest(exchange, run.credentials);
  if (typeof planned === 'string') return checks.map((check) => notApplicable({ check }, planned));
  await wait(Date.parse(exchange.client.startedDateTime));
  const { socket, ...sent } = conversation.adapt(planned, legOf(exchange, 'client-request')?.body?.decoded);
  const { origin, path } = upstreamUrl(run.gateway, sent.target);
  const calls = run.stage.play({ exchange, findElsewhere, base });
  const url = origin + path;
  const answer = await (socket ? sockets.ask(url, { ...sent, socket }) : sendToGateway(url, sent));
  if (run.stage.failure !== undefined) throw run.stage.failure;
  conversation.learn(exchange, answer);
  const reproduce = (check: AgainstCheckId) => commandFor(name, exchange.id, check, run.flags);
  const played = { exchange, calls: [...calls], answer, table, base, reproduce };
  return checks.flatMap((check) => JUDGES[check](played));
}

/** Why an upstream side cannot be played. */
function whyNotPlayed({ attempts, client }: RecordedExchange): string | undefined {
  // A gateway that refuses a request by itself has no upstream side to it.
  const isRefusal = client.response.status >= 400 || client._producer.how === 'error';
  return attempts.length === 0 && !isRefusal ? 'there is no upstream side to be played' : undefined;
}

/** Keeps the recorded time between the beginnings of two requests, or what `speed` makes of it. */
function createPacer(speed: Speed): (startedAt: number) => Promise<void> {
  let last: { recorded: number; live: number } | undefined;
  return async (startedAt) => {
    if (last && speed !== 'instant') {
      const gap = (startedAt - last.recorded) / (speed === 'recorded' ? 1 : speed);
      await pause(Math.max(0, last.live + gap - performance.now()));
    }
    last = { recorded: startedAt, live: performance.now() };
  };
}

function commandFor(name: string, exchange: string, check: AgainstCheckId, flags: readonly string[]): string {
  const words = ['tapedeck', 'replay', name, ...flags, '--filter', `${exchange} ${check}`];
  return words.map(quoteForShell).join(' ');
}
