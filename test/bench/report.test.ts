import { describe, expect, it } from 'vitest';
import { type Measured, ratio, type Sample, SCENARIOS, typical } from '../../bench/measure.ts';
import { renderJson, renderMarkdown } from '../../bench/report.ts';
import { median, quantile } from '../../bench/statistics.ts';
import {
  CHAT_ANSWER,
  CHAT_END,
  CODEX_REQUEST,
  chatChunk,
  EVENT_BYTES,
  isWholeAnswer,
  requestBody,
  SMALL_ANSWER,
  SMALL_REQUEST,
  STREAM_EVENTS,
  streamEvent,
} from '../../bench/traffic.ts';
import { parseSse } from '../../src/decode/sse.ts';
import { translateDocument } from '../../src/proxy/translated/document.ts';
import { toUtf8 } from '../../src/util/bytes.ts';

function measured(peer: string, speeds: readonly number[]): Measured {
  const rounds = speeds.map(
    (perSecond): Sample => ({ perSecond, p50: 1000 / perSecond, p99: 5, cpu: 1e6 / perSecond }),
  );
  const samples = Object.fromEntries(SCENARIOS.map(({ name }) => [name, rounds]));
  return { peer, samples, memory: { idle: 50, peak: 100 }, errors: 0 };
}

const floor = measured('http-proxy', [100, 200, 1000]);
const record = measured('tapedeck record', [150, 300, 900]);
const translate = measured('tapedeck translate', [90, 180, 2000]);

describe('statistics', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[7], 7],
  ])('the median of %j is %d', (values, expected) => expect(median(values)).toBe(expected));

  it('has no median of nothing', () => expect(median([])).toBeNaN());

  it('takes quantiles of a list in any order', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantile(values, 0.5)).toBe(51);
    expect(quantile(values, 0.99)).toBe(100);
    expect(quantile([], 0.5)).toBe(0);
  });

  it('compares within a round, so that a slow one does not count twice', () => {
    expect(typical(record, '32 connections', 'perSecond')).toBe(300);
    expect(ratio(record, floor, '32 connections', 'perSecond')).toBe(1.5);
    expect(ratio(record, undefined, '32 connections', 'perSecond')).toBeNaN();
  });
});

describe('the report', () => {
  const report = {
    date: '2026-01-02',
    machine: '2 cores',
    rounds: 3,
    forMs: 1000,
    measured: [measured('direct', [1000, 2000, 9000]), floor, translate, record],
    skipped: ['nginx is not installed'],
  };

  it('says what is met, what is missing and what was left out', () => {
    const text = renderMarkdown(report);
    expect(text).toContain('| requests/s, 32 connections, ÷ http-proxy | at least 1.3 | 1.50 | yes |');
    expect(text).toContain('| requests/s, 32 connections, ÷ tapedeck proxy | at least 0.9 | – | – |');
    expect(text.split('## Translating')[1]).toContain(
      '| requests/s, 32 connections, ÷ http-proxy | at least 1 | 0.90 | no |',
    );
    expect(text).toContain('Left out: nginx is not installed.');
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('gives programs the same numbers', () => {
    const { peers } = renderJson(report) as {
      peers: { peer: string; scenarios: { scenario: string; ratios: object }[] }[];
    };
    const one = peers.find(({ peer }) => peer === 'tapedeck record');
    expect(one?.scenarios.map(({ scenario }) => scenario)).toEqual(SCENARIOS.map(({ name }) => name));
    expect(one?.scenarios[1]?.ratios).toMatchObject({ perSecond: 1.5 });
  });
});

describe('the traffic', () => {
  it('has the sizes that the report names', () => {
    expect(SMALL_REQUEST.length).toBe(700);
    expect(SMALL_ANSWER.length).toBe(1024);
    expect(CODEX_REQUEST.length).toBeGreaterThan(39_000);
    expect(CODEX_REQUEST.length).toBeLessThan(42_000);
  });

  it('has events of one length', () => {
    for (let n = 0; n < 500; n++) expect(streamEvent(n).length).toBe(EVENT_BYTES);
  });

  it('asks for a stream in the body too, for who reads the body', () => {
    expect(JSON.parse(requestBody('small', 'stream'))).toMatchObject({ stream: true });
    expect(JSON.parse(requestBody('codex', 'json'))).toMatchObject({ stream: false });
  });

  it('is told by Chat Completions in as many bytes, one chunk a delta', () => {
    expect(Math.abs(CHAT_ANSWER.length - SMALL_ANSWER.length)).toBeLessThan(100);
    expect(Math.abs(chatChunk(0).length - EVENT_BYTES)).toBeLessThan(40);
    expect(parseSse(toUtf8(chatChunk(7))).events).toHaveLength(1);
  });

  it('knows a translated answer that is whole', () => {
    const ways = { from: 'chat', to: 'responses' } as const;
    const whole = JSON.stringify(JSON.parse(translateDocument(CHAT_ANSWER, ways).text));
    expect(isWholeAnswer('json', whole)).toBe(true);
    expect(isWholeAnswer('json', whole.replace('the', ''))).toBe(false);
    const chunks = Array.from({ length: STREAM_EVENTS }, (_, n) => chatChunk(n));
    const stream = translateDocument(chunks.join('') + CHAT_END, ways).text;
    expect(isWholeAnswer('stream', stream)).toBe(true);
    const short = translateDocument(chunks.slice(1).join('') + CHAT_END, ways).text;
    expect(isWholeAnswer('stream', short)).toBe(false);
  });
});
