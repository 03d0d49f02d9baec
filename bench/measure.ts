import { setTimeout as wait } from 'node:timers/promises';
import type { LoadJob } from './load.ts';
import type { Peer } from './peers.ts';
import { cpuMicros, memoryOf, runLoad, type Started } from './processes.ts';
import { median } from './statistics.ts';

/** One kind of traffic; what it measures is in its unit. */
export interface Scenario {
  name: string;
  unit: 'requests' | 'events';
  job: Pick<LoadJob, 'connections' | 'body' | 'target'>;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: '1 connection', unit: 'requests', job: { connections: 1, body: 'small', target: 'json' } },
  { name: '32 connections', unit: 'requests', job: { connections: 32, body: 'small', target: 'json' } },
  { name: '128 connections', unit: 'requests', job: { connections: 128, body: 'small', target: 'json' } },
  { name: '32 connections, 40 KB', unit: 'requests', job: { connections: 32, body: 'codex', target: 'json' } },
  { name: '32 streams', unit: 'events', job: { connections: 32, body: 'small', target: 'stream' } },
];

/** One measurement of one peer. */
export interface Sample {
  perSecond: number;
  /** Of one request, milliseconds. */
  p50: number;
  p99: number;
  /** CPU time of the peer a request or an event, microseconds; NaN where it cannot be had. */
  cpu: number;
}

/** What was measured of one peer: samples by scenario, one a round. */
export interface Measured {
  peer: string;
  samples: Record<string, Sample[]>;
  /** MiB, before the first request and at its highest. */
  memory: { idle: number; peak: number };
  errors: number;
}

export interface Plan {
  scenarios: readonly Scenario[];
  rounds: number;
  /** Of one measurement, milliseconds. */
  forMs: number;
  /** Of one warm-up, milliseconds. */
  warmMs: number;
}

/** Lets what a peer does after its last answer happen before the next one is measured. */
const SETTLE_MS = 60;

/**
 * Measures all peers side by side: within a round every peer gets every scenario before the next scenario begins, and
 * each round begins with another peer, so that what else the machine does hits all of them alike.
 */
export async function measure(
  generator: Started,
  peers: readonly Peer[],
  plan: Plan,
  onProgress: (text: string) => void,
): Promise<Measured[]> {
  const measured = peers.map((peer): Measured => {
    const idle = peer.process ? memoryOf(peer.process.pid).now : Number.NaN;
    return { peer: peer.name, samples: {}, memory: { idle, peak: Number.NaN }, errors: 0 };
  });
  const take = async (i: number, { name, job, unit }: Scenario, forMs: number, kept: boolean) => {
    const peer = peers[i]!;
    const pid = peer.process?.pid;
    const before = pid ? cpuMicros(pid) : Number.NaN;
    const result = await runLoad(generator, { ...job, port: peer.port, forMs, translated: peer.translated === true });
    await wait(SETTLE_MS);
    const cpu = (pid ? cpuMicros(pid) : Number.NaN) - before;
    const one = measured[i]!;
    one.errors += result.errors;
    if (!kept) return;
    const count = result[unit];
    const sample = { perSecond: (count * 1000) / result.ms, p50: result.p50, p99: result.p99, cpu: cpu / count };
    one.samples[name] ??= [];
    one.samples[name].push(sample);
  };
  onProgress('warming up');
  for (const scenario of [SCENARIOS[1]!, SCENARIOS[4]!]) {
    for (const i of peers.keys()) await take(i, scenario, plan.warmMs, false);
  }
  for (let round = 0; round < plan.rounds; round++) {
    for (const scenario of plan.scenarios) {
      onProgress(`round ${round + 1} of ${plan.rounds}: ${scenario.name}`);
      for (const i of peers.keys()) await take((i + round) % peers.length, scenario, plan.forMs, true);
    }
  }
  for (const [i, peer] of peers.entries()) {
    if (peer.process) measured[i]!.memory.peak = memoryOf(peer.process.pid).peak;
  }
  return measured;
}

/** Median over the rounds of one number. */
export function typical(measured: Measured, scenario: string, field: keyof Sample): number {
  return median((measured.samples[scenario] ?? []).map((sample) => sample[field]));
}

/**
 * Median over the rounds of a number divided by the other peer's in the same round: what changes between rounds, a busy
 * machine above all, is the same for both.
 */
export function ratio(measured: Measured, to: Measured | undefined, scenario: string, field: keyof Sample): number {
  const others = to?.samples[scenario] ?? [];
  return median(
    (measured.samples[scenario] ?? []).flatMap((one, i) => (others[i] ? one[field] / others[i][field] : [])),
  );
}
