import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { openCassette, writeCassette } from '../../src/cassette/store.ts';
import { type ExchangeSource, sourceOfCassette, sourceOfList } from '../../src/replay/exchange-source.ts';
import { openLibrary } from '../../src/replay/library.ts';
import { createMatcher, type MatchOptions, type MatchResult } from '../../src/replay/match.ts';
import { recordingsOf, requestOf } from '../../src/replay/recording.ts';
import type { MatchRequest } from '../../src/replay/request.ts';
import { collect, fixture, HEADER, temporaryFolder } from '../helpers/cassette-files.ts';
import { recorded } from '../helpers/recorded.ts';

const CASSETTES = fixture('cassettes');
const FIXTURES = readdirSync(CASSETTES, { recursive: true })
  .map(String)
  .filter((name) => /0\.169\.0.*\.har$/.test(name))
  .sort();

async function resultOf(library: Awaited<ReturnType<typeof openLibrary>>, request: MatchRequest): Promise<MatchResult> {
  const found = library.find(request);
  if ('miss' in found) return { miss: await found.miss() };
  return { hit: await found.hit.load(), repeated: found.hit.repeated };
}

/** Each request twice, then with its texts changed. */
function requestsOf(exchanges: readonly RecordedExchange[], side: 'client' | 'upstream'): MatchRequest[] {
  const all = exchanges.flatMap((one) => recordingsOf(one, side)).flatMap((one) => requestOf(one) ?? []);
  const changed = all.map((request) => ({
    ...request,
    body: request.body && Buffer.from(Buffer.from(request.body).toString().replaceAll('run ', 'walk ')),
  }));
  return [...all, ...all, ...changed];
}

describe.each(FIXTURES)('%s', (name) => {
  test.each(['exact', 'shape', 'turn'] as const)('is matched by %s from the disk as in memory', async (level) => {
    const cassette = await openCassette(join(CASSETTES, name));
    const exchanges = await collect(cassette.exchanges());
    for (const side of ['client', 'upstream'] as const) {
      const options: MatchOptions = { level, side, repeat: 'none' };
      const library = await openLibrary(await sourceOfCassette(cassette), options);
      const matcher = createMatcher(exchanges, options);
      for (const request of requestsOf(exchanges, side)) {
        expect(await resultOf(library, request)).toEqual(matcher.match(request));
      }
      const left = new Set(matcher.leftovers().map(({ exchange }) => exchange.id));
      expect(library.leftovers().map(({ id }) => id)).toEqual([...left]);
    }
    await cassette.close();
  });
});

describe('a cassette on the disk', () => {
  const asked = (input: string): RecordedExchange => {
    const side = { body: { input }, headers: ['x', 'y'], answer: '{"output":[]}' };
    return recorded(side, [{ ...side, body: { input: `${input}!` } }]);
  };

  test.each([
    ['as it was recorded', (text: string) => text],
    ['edited, with the upstream first', (text: string) => swapSides(text)],
  ])('%s: requests are read without what was answered', async (_what, change) => {
    const path = join(temporaryFolder(), 'asked.har');
    const exchanges = ['a', 'b'].map(asked);
    await writeCassette(
      path,
      HEADER,
      exchanges.flatMap(({ client, attempts }) => [client, ...attempts]),
    );
    await writeFile(path, change(await readFile(path, 'utf8')));
    const cassette = await openCassette(path);
    const source = await sourceOfCassette(cassette);
    for (const side of ['client', 'upstream'] as const) {
      const read = await collect(source.requests!(side));
      expect(read.map(({ id, seq, protocol }) => [id, seq, protocol])).toEqual(
        exchanges.map(({ id, seq, protocol }) => [id, seq, protocol]),
      );
      const requests = (list: RecordedExchange[]) => list.flatMap((one) => recordingsOf(one, side)).map(requestOf);
      expect(requests(read)).toEqual(requests(exchanges));
      if (!cassette.edited) expect(read.map(({ client }) => client.response.status)).toEqual([0, 0]);
    }
    await cassette.close();
  });
});

/** Each client entry after its upstream entry. */
function swapSides(text: string): string {
  const [head = '', rest = ''] = text.split(' "entries": [\n');
  const end = rest.indexOf('\n ],');
  const entries = rest.slice(0, end).split(/,\n(?= {2}\{\n)/);
  const swapped = entries.map((_, i) => entries[i % 2 === 0 ? i + 1 : i - 1]);
  return `${head} "entries": [\n${swapped.join(',\n')}${rest.slice(end)}`;
}

/** A source that says which exchanges are read by number. */
function watched(source: ExchangeSource): { source: ExchangeSource; numbers: number[] } {
  const numbers: number[] = [];
  const exchange = (number: number) => {
    numbers.push(number);
    return source.exchange(number);
  };
  return { source: { exchanges: () => source.exchanges(), exchange }, numbers };
}

const post = (body: unknown): MatchRequest => ({
  method: 'POST',
  target: '/v1/responses',
  body: Buffer.from(JSON.stringify(body)),
});

/** A conversation that grows: turn n has n messages. */
const turn = (session: number, n: number) => ({
  input: Array.from({ length: n }, (_, i) => ({ role: 'user', content: `message ${i} of session ${session}` })),
});

describe('a cassette with many requests of one path', () => {
  const bodies = Array.from({ length: 40 }, (_, session) =>
    Array.from({ length: 8 }, (_, n) => turn(session, n + 1)),
  ).flat();
  const options: MatchOptions = { level: 'shape', repeat: 'none' };

  test('a hit reads the one exchange, a miss a bounded number', async () => {
    const { source, numbers } = watched(sourceOfList(bodies.map((body) => recorded({ body }))));
    const library = await openLibrary(source, options);
    expect(numbers).toEqual([]);
    expect(await resultOf(library, post(bodies[200]))).toMatchObject({ repeated: false });
    expect(numbers).toEqual([201]);
    numbers.length = 0;
    await resultOf(library, post({ input: 'something else' }));
    expect(numbers).toHaveLength(64);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  test('a miss names the closest of all', async () => {
    const exchanges = bodies.map((body) => recorded({ body }));
    const library = await openLibrary(sourceOfList(exchanges), options);
    for (const [session, n] of [
      [0, 8],
      [17, 5],
      [39, 7],
    ] as const) {
      const asked = turn(session, n);
      asked.input[n - 1]!.content = 'something new';
      expect(await resultOf(library, post(asked))).toMatchObject({
        miss: {
          reason: 'unknown',
          closest: {
            recording: { exchange: exchanges[session * 8 + n - 1] },
            leaves: 1,
            first: {
              pointer: `/input/${n - 1}/content`,
              recorded: `message ${n - 1} of session ${session}`,
              live: 'something new',
            },
          },
        },
      });
    }
  });
});

test('a directory that only a later exchange names counts in the earlier ones', async () => {
  const place = (path: string) => `<cwd>${path}</cwd>`;
  const exchanges = [{ a: `look into /srv/one please` }, { b: 1 }, { c: place('/srv/one') }, { d: 'in /srv/one' }];
  const library = await openLibrary(sourceOfList(exchanges.map((body) => recorded({ body }))), {
    level: 'shape',
    repeat: 'none',
  });
  const asked = { a: `look into /srv/two please`, where: undefined };
  expect(await resultOf(library, post(exchanges[0]))).toMatchObject({ repeated: false });
  // The request names another place than the cassette, and is compared without both.
  const elsewhere = await openLibrary(
    sourceOfList([{ ...exchanges[0], w: place('/x/y') }, exchanges[2]].map((body) => recorded({ body }))),
    { level: 'shape', repeat: 'none' },
  );
  expect(await resultOf(elsewhere, post({ ...asked, w: place('/srv/two') }))).toMatchObject({ repeated: false });
});

test('the directories of very many sessions all count', async () => {
  const body = (i: number, path: string) => ({
    w: `<cwd>/srv/session-${path}</cwd>`,
    a: `turn ${i} of /srv/session-${path}/x`,
  });
  const exchanges = Array.from({ length: 60 }, (_, i) => recorded({ body: body(i, String(i)) }));
  const library = await openLibrary(sourceOfList(exchanges), { level: 'shape', repeat: 'none' });
  for (const i of [0, 15, 16, 17, 18, 40, 59]) {
    expect(await resultOf(library, post(body(i, 'elsewhere')))).toMatchObject({ hit: { exchange: exchanges[i] } });
  }
  expect(library.leftovers()).toHaveLength(53);
});

test('a cassette that changed while it was played is said to have', async () => {
  const exchanges = [recorded({ body: { a: 1 } })];
  const list = sourceOfList(exchanges);
  const library = await openLibrary({ ...list, exchange: async () => undefined }, { level: 'shape', repeat: 'none' });
  await expect(resultOf(library, post({ a: 1 }))).rejects.toMatchObject({ code: 'cassette-unreadable' });
});

test('a file with another layout is played from memory', async () => {
  const path = join(temporaryFolder(), 'x.har');
  const made = recorded({ body: { a: 1 } });
  await writeCassette(path, HEADER, [made.client]);
  const cassette = await openCassette(path);
  const { places: _, ...other } = cassette;
  const library = await openLibrary(await sourceOfCassette(other), { level: 'shape', repeat: 'none' });
  await cassette.close();
  expect(await resultOf(library, post({ a: 1 }))).toMatchObject({ hit: { exchange: { id: made.id } } });
});
