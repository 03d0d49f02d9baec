import { join } from 'node:path';
import OpenAI from 'openai';
import { fetch } from 'undici';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { type LegBody, legsOf, type RecordedExchange } from '../../../src/cassette/legs.ts';
import { startScriptedUpstream } from '../../../src/conformance/scripted-upstream.ts';
import { recordSession } from '../../../src/conformance/session.ts';
import { type ProxyOptions, startProxy } from '../../../src/proxy/server.ts';
import {
  type CassetteDispatcher,
  type CassetteDispatcherOptions,
  createCassetteDispatcher,
} from '../../../src/replay/polly/dispatcher.ts';
import { guardNetwork } from '../../../src/replay/polly/offline.ts';
import { dropHopByHop } from '../../../src/util/hop-by-hop.ts';
import { collect, fixture, readAll, temporaryFolder } from '../../helpers/cassette-files.ts';
import { diskRecorder } from '../../helpers/disk-recorder.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function openDeck(options: CassetteDispatcherOptions): Promise<CassetteDispatcher> {
  const deck = await createCassetteDispatcher(options);
  ends.push(() => deck.close());
  return deck;
}

/** Asks a proxy what the recorded client asked, one after the other; bodies as they crossed the wire. */
async function askAgain(url: string, exchanges: readonly RecordedExchange[]): Promise<void> {
  for (const { client } of exchanges) {
    const body = legsOf({ ...exchanges[0]!, client, attempts: [] })[0]?.body?.wire;
    const { pathname, search } = new URL(client.request.url);
    const headers = dropHopByHop(
      client.request.headers.flatMap(({ name, value }) => [name, value]),
      new Set(['host', 'content-length']),
    );
    const pairs = headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]!] as [string, string]] : []));
    const answer = await fetch(new URL(url).origin + pathname + search, {
      method: client.request.method,
      headers: pairs,
      body: body ? Buffer.from(body) : null,
    });
    await answer.arrayBuffer().catch(() => {});
  }
}

/** What crossed the wire, leg by leg. */
function bytesOf(exchange: RecordedExchange): object[] {
  const shown = (body: LegBody | undefined) => ({
    wire: body?.wire && Buffer.from(body.wire).toString('latin1'),
    reads: body?.chunks.map(({ data }) => Buffer.from(data).toString('latin1')),
  });
  return legsOf(exchange).map(({ name, entry, body }) => {
    const isAnswer = name.endsWith('response');
    // Where its bytes are coded the reads of them are not kept.
    const { wire, reads } = shown(body);
    return { name, status: isAnswer && entry.response.status, wire, ...(name === 'upstream-response' && { reads }) };
  });
}

async function replay(path: string, options: Partial<ProxyOptions> = {}) {
  const { header, exchanges } = await readAll(path);
  const deck = await openDeck({ cassette: path });
  const { recorder, exchanges: recordedAgain } = await diskRecorder(header.upstream.url);
  const guard = guardNetwork();
  onTestFinished(() => guard.end());
  const proxy = await startProxy({
    upstream: header.upstream.url,
    recorder,
    dispatcher: deck.dispatcher,
    webSocket: false,
    ...options,
  });
  try {
    await askAgain(proxy.url, exchanges);
  } finally {
    await proxy.close(0);
  }
  return { deck, denied: guard.denied, before: exchanges, after: await recordedAgain() };
}

test.each([
  '0.113.0/parallel',
  '0.122.0/compact',
  '0.169.0/text',
  '0.169.0/zstd',
  '0.169.0/rate-limit',
  '0.169.0/truncated',
])('the proxy replays %s offline, with the same bytes at all four legs', async (name) => {
  const { deck, denied, before, after } = await replay(fixture(`cassettes/${name}.har`));
  expect(after.map(bytesOf)).toEqual(before.map(bytesOf));
  // What is compared is there: of the requests only those without a body have no bytes.
  const wires = before.flatMap(bytesOf).filter((leg) => (leg as { wire?: string }).wire);
  expect(wires.length).toBeGreaterThanOrEqual(3 * before.length);
  expect(after.map(({ outcome }) => outcome)).toEqual(before.map(({ outcome }) => outcome));
  expect(deck.misses).toEqual([]);
  expect(deck.leftovers()).toEqual([]);
  expect(deck.served).toBe(before.reduce((sum, { attempts }) => sum + attempts.length, 0));
  expect(denied).toEqual([]);
});

test('the heads of the replayed legs are the recorded ones', async () => {
  const { before, after } = await replay(fixture('cassettes/0.169.0/text.har'));
  const headsOf = ({ attempts: [attempt] }: RecordedExchange) => [
    attempt?.request.url,
    attempt?.request.headers,
    attempt?.response.headers,
  ];
  // The client of this test is another one: what it does not send as Codex does, is not compared.
  const known = ['authorization', 'content-type', 'content-length', 'host', 'connection', 'session-id'];
  const request = (headers: unknown) =>
    (headers as { name: string; value: string }[]).filter(({ name }) => known.includes(name.toLowerCase()));
  const [oldUrl, oldRequest, oldResponse] = headsOf(before[0]!);
  const [newUrl, newRequest, newResponse] = headsOf(after[0]!);
  expect([newUrl, newResponse]).toEqual([oldUrl, oldResponse]);
  expect(request(newRequest)).toEqual(
    request(oldRequest).map((one) =>
      one.name === 'authorization' ? expect.objectContaining({ name: one.name }) : one,
    ),
  );
});

test('a proxy that translates replays offline with the same bytes', async () => {
  const upstream = await startScriptedUpstream({ speaks: ['chat'] });
  ends.push(() => upstream.close());
  const path = join(temporaryFolder(), 'translated.har');
  const translation = { protocol: 'chat' } as const;
  const ask = async (baseURL: string) => {
    const client = new OpenAI({ apiKey: 'made-up', baseURL, maxRetries: 0 });
    const stream = await client.responses.create({ model: 'm', input: 'hi', stream: true });
    return collect(stream);
  };
  const { result } = await recordSession({ upstream: upstream.url, path, translation }, ask);
  await upstream.close();
  const { before, after, denied } = await replay(path, { translation });
  expect(result.length).toBeGreaterThan(3);
  const upstreamLegs = (all: RecordedExchange[]) =>
    all.map(bytesOf).map((legs) => legs.filter((leg) => (leg as { name: string }).name !== 'client-response'));
  expect(upstreamLegs(after)).toEqual(upstreamLegs(before));
  expect(before[0]!.attempts[0]!.request.url).toContain('/chat/completions');
  expect(denied).toEqual([]);
});

test('the SDK of OpenAI takes the dispatcher', async () => {
  const upstream = await startScriptedUpstream();
  ends.push(() => upstream.close());
  const path = join(temporaryFolder(), 'sdk.har');
  const texts: string[] = [];
  for (const mode of ['once', 'none'] as const) {
    const deck = await openDeck({ cassette: path, mode });
    const client = new OpenAI({
      apiKey: 'made-up',
      baseURL: upstream.url,
      fetch: fetch as never,
      fetchOptions: { dispatcher: deck.dispatcher } as never,
    });
    const stream = client.responses.stream({ model: 'gpt-5.5', input: 'hi' });
    texts.push((await stream.finalResponse()).output_text);
    await deck.close();
    await upstream.close();
  }
  expect(texts[0]).not.toBe('');
  expect(texts[1]).toBe(texts[0]);
});
