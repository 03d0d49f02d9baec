import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Entry } from '../../src/cassette/format.ts';
import { startProxy } from '../../src/proxy/server.ts';
import { startStage } from '../../src/replay/against/stage.ts';
import { type AgainstOptions, runAgainst } from '../../src/replay/against.ts';
import type { ReplayReport } from '../../src/report/results/model.ts';
import { fixture, temporaryFolder } from '../helpers/cassette-files.ts';
import { type Fault, type Passing, startGateway } from './against/gateway.ts';

const OPTIONS = { profiles: [], splits: 'none', strict: false, bail: false, against: 'the gateway' } as const;
const TEXT = '0.169.0/text';

type More = Partial<AgainstOptions>;

/** @param gateway starts one that uses this upstream, and gives its base URL */
async function run(
  names: readonly string[],
  gateway: (upstream: string) => Promise<string>,
  more: More = {},
): Promise<ReplayReport> {
  const stage = await startStage({ host: '127.0.0.1', port: 0, speed: 'instant' });
  onTestFinished(() => stage.close());
  return runAgainst({
    inputs: names.map((name) => ({ path: name.endsWith('.har') ? name : fixture(`cassettes/${name}.har`), name })),
    options: { ...OPTIONS, profiles: [] },
    url: await gateway(stage.url),
    stage,
    speed: 'instant',
    credentials: {},
    flags: ['--against', 'URL'],
    ...more,
  });
}

const faulty = (fault: Fault) => (upstream: string) => startGateway(() => upstream, fault);

async function proxy(upstream: string, protocol?: 'chat' | 'messages'): Promise<string> {
  const started = await startProxy({ upstream, ...(protocol ? { translation: { protocol, onLoss: 'ignore' } } : {}) });
  onTestFinished(() => started.close());
  return started.url;
}

/** `CHECK: MESSAGE` of all that failed. */
function failuresIn({ cassettes }: ReplayReport): string[] {
  const results = cassettes.flatMap(({ exchanges }) => exchanges.flatMap((exchange) => exchange.results));
  return results.flatMap(({ failures = [] }) => failures.map(({ rule, message }) => `${rule}: ${message}`));
}

function verdictsIn({ cassettes }: ReplayReport): string[] {
  const results = cassettes.flatMap(({ exchanges }) => exchanges.flatMap((exchange) => exchange.results));
  return results.map(({ check, verdict }) => `${check} ${verdict}`);
}

/** Changes the body of a request that is JSON. */
function editBody(edit: (body: Record<string, unknown>) => void): (passing: Passing) => Passing[] {
  return (passing) => {
    const body = JSON.parse(passing.body);
    edit(body);
    return [{ ...passing, body: JSON.stringify(body) }];
  };
}

const editAnswer = (edit: (text: string) => string) => (passing: Passing) => ({ ...passing, body: edit(passing.body) });

/** An edited copy of a fixture. */
async function edited(name: string, edit: (entries: Entry[]) => void): Promise<string> {
  const document = JSON.parse(await readFile(fixture(`cassettes/${name}.har`), 'utf8'));
  edit(document.log.entries);
  const path = join(temporaryFolder(), 'edited.har');
  await writeFile(path, JSON.stringify(document));
  return path;
}

describe('a gateway that does as it was recorded', () => {
  it('passes: our own proxy, handing through', async () => {
    const names = ['apply-patch', 'compact', 'image', 'rate-limit', 'tool', 'truncated', 'zstd'].map(
      (n) => `0.169.0/${n}`,
    );
    const report = await run(names, proxy);
    expect(failuresIn(report)).toEqual([]);
    expect(report.counts).toMatchObject({ cassettes: 7, exchanges: 15, failed: 0 });
    expect(report.receipt).toEqual({ served: 15, denied: 0 });
    expect(report.checks.map(({ id }) => id)).toEqual([
      'against.request',
      'against.status',
      'against.headers',
      'against.stream',
      'against.body',
    ]);
  });

  it.each(['chat', 'messages'] as const)('passes: our own proxy, translating to %s', async (protocol) => {
    const names = ['tool', 'parallel', 'rate-limit', 'truncated', 'compact'].map(
      (n) => `translated/0.169.0-${protocol}-${n}`,
    );
    const report = await run(names, (upstream) => proxy(upstream, protocol));
    expect(failuresIn(report)).toEqual([]);
    expect(report.receipt.served).toBe(12);
    expect(report.cassettes[0]!.served).toBeGreaterThan(0);
  });

  it('passes when it gives answers ids and times of its own', async () => {
    const rename = (text: string) =>
      text.replace(/"(resp|msg)_\w+"/g, '"$1_gateway"').replace(/"created_at":\d+/g, '"created_at":1');
    expect(failuresIn(await run([TEXT], faulty({ answer: editAnswer(rename) })))).toEqual([]);
  });
});

/** `against.request.path: …` is of `against.request`. */
const checkOf = (failure: string) => /^against\.\w+/.exec(failure)?.[0];

describe('a gateway that differs', () => {
  it.each<[string, Fault, string[]]>([
    [
      'never calls the upstream',
      { request: () => [] },
      [
        'against.request.never-called: the gateway answered 200 and never called the upstream',
        'against.stream: event 1 (response.created) is missing',
        'against.body: the answer differs at /id',
      ],
    ],
    [
      'loses a field of the request',
      { request: editBody((body) => delete body.store) },
      ['against.request: the request differs at /store'],
    ],
    [
      'changes a text of the request',
      {
        request: editBody(
          (body) => ((body.input as { content: { text: string }[] }[]).at(-1)!.content[0]!.text += ' and be brief'),
        ),
      },
      ['against.request: the request differs at /input/'],
    ],
    [
      'asks for something else',
      { request: (passing) => [{ ...passing, path: '/v1/chat/completions' }] },
      [
        'against.request.path: the upstream was asked for POST /chat/completions, and recorded is POST /responses',
        'against.status: the status is 400, and recorded is 200',
      ],
    ],
    [
      'asks twice',
      { request: (passing) => [passing, passing] },
      ['against.request.more-calls: the upstream was called once more than recorded: POST /v1/responses'],
    ],
    [
      'changes the status',
      { answer: (passing) => ({ ...passing, status: 201 }) },
      ['against.status: the status is 201, and recorded is 200'],
    ],
    [
      'calls a stream something else',
      { answer: (passing) => ({ ...passing, headers: { 'content-type': 'text/plain' } }) },
      ['against.headers: the header content-type differs'],
    ],
    [
      'adds a header that Codex acts upon',
      { answer: (passing) => ({ ...passing, headers: { ...passing.headers, 'openai-model': 'other' } }) },
      ['against.headers: the header openai-model differs'],
    ],
    [
      'drops an event',
      { answer: editAnswer((text) => text.replace(/event: response\.content_part\.added\n.*\n\n/, '')) },
      ['against.stream: event 4 (response.content_part.added) is missing'],
    ],
    [
      'adds an event',
      { answer: editAnswer((text) => `event: ping\ndata: {"type":"ping"}\n\n${text}`) },
      ['against.stream: event 1 (ping) is one too many'],
    ],
    [
      'loses a word',
      { answer: editAnswer((text) => text.replace(/"delta":"[^"]+"/, '"delta":""')) },
      ['against.stream: event 5 (response.output_text.delta) differs at /delta'],
    ],
    [
      'changes what the answer amounts to',
      { answer: editAnswer((text) => text.replace(/"total_tokens":\d+/, '"total_tokens":1')) },
      ['against.stream: event', 'against.body: the answer differs at /usage/total_tokens'],
    ],
    ['breaks off', { cutAfter: 300 }, ['against.stream: the stream broke off', 'against.body: the answer differs at']],
  ])('%s', async (_, fault, expected) => {
    const failures = failuresIn(await run([TEXT], faulty(fault)));
    for (const one of expected) expect(failures.join('\n')).toContain(one);
    expect(new Set(failures.map(checkOf))).toEqual(new Set(expected.map(checkOf)));
  });

  it('tells where, with both values and a command line that shows it alone', async () => {
    const report = await run(['0.169.0/tool'], faulty({ request: editBody((body) => (body.model = 'other')) }));
    const [first] = report.cassettes[0]!.exchanges;
    const failure = first!.results[0]!.failures![0]!;
    expect(first!.results[0]).toMatchObject({ leg: 'upstream-request', attempt: 1, verdict: 'failed' });
    expect(failure).toMatchObject({ pointer: '/model', actual: '"other"' });
    expect(failure.reproduce).toBe("tapedeck replay 0.169.0/tool --against URL --filter 'x1 against.request'");
  });

  it('tries less often, or goes on trying', async () => {
    const path = await edited(TEXT, (entries) => {
      const again = structuredClone(entries.find(({ _side }) => _side === 'upstream')!);
      entries.push({ ...again, _attempt: 2 });
    });
    const times = (count: number): Fault => ({ request: (passing) => Array(count).fill(passing) });
    expect(failuresIn(await run([path], faulty(times(1))))).toEqual([
      'against.request.fewer-calls: the upstream was called once, and recorded are 2',
    ]);
    expect(failuresIn(await run([path], faulty(times(2))))).toEqual([]);
    expect(failuresIn(await run([path], faulty(times(4))))).toHaveLength(2);
  });

  it('invents an end that the upstream did not have', async () => {
    const end =
      'event: response.completed\ndata: {"type":"response.completed","response":{"id":"resp_x","output":[]}}\n\n';
    const failures = failuresIn(await run(['0.169.0/truncated'], faulty({ answer: editAnswer((text) => text + end) })));
    expect(failures.join('\n')).toMatch(/against\.stream: event \d+ \(response\.completed\) is one too many/);
  });

  it('breaks off behind the last byte of a document, which no client takes for whole', async () => {
    expect(failuresIn(await run(['0.169.0/rate-limit'], faulty({ cutAfter: 1e6 })))).toEqual([
      expect.stringMatching(/^against\.body: the answer broke off: /),
      expect.stringMatching(/^against\.stream: the stream broke off: /),
    ]);
  });

  it('hangs up without an answer', async () => {
    const failures = failuresIn(
      await run(
        [TEXT],
        faulty({
          answer: () => {
            throw new Error('crash');
          },
        }),
        { url: await deadGateway() },
      ),
    );
    expect(failures).toEqual([
      'against.request.never-called: the gateway did not answer and never called the upstream',
      expect.stringMatching(/^against\.status: no answer came: /),
    ]);
  });
});

/** A server that takes connections and ends them. */
async function deadGateway(): Promise<string> {
  const { createServer } = await import('node:net');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/v1`;
}

describe('runAgainst', () => {
  it("compares requests by the user's field rules as well", async () => {
    const gateway = faulty({ request: editBody((body) => (body.model = 'other')) });
    const rules = { responses: [{ path: '/model', rule: 'ignore' }] } as const;
    expect(failuresIn(await run([TEXT], gateway))).toEqual(['against.request: the request differs at /model']);
    expect(failuresIn(await run([TEXT], gateway, { rules }))).toEqual([]);
  });

  it('stops where nobody listens', async () => {
    const closed = async () => 'http://127.0.0.1:9/v1';
    await expect(run([TEXT], closed)).rejects.toMatchObject({ code: 'gateway-unreachable', exitCode: 4 });
  });

  it('answers what the gateway asks on its own account, and does not count it', async () => {
    const fault: Fault = {
      request: (passing) => [{ ...passing, method: 'GET', path: '/v1/models', body: '' }, passing],
    };
    expect(failuresIn(await run(['0.169.0/tool'], faulty(fault)))).toEqual([]);
  });

  it('denies connections elsewhere, and counts them', async () => {
    const onCassette = () => void fetch('http://provider.example/').catch(() => {});
    const report = await run([TEXT, '0.169.0/tool'], proxy, { onCassette });
    expect(report.receipt).toEqual({ served: 4, denied: 2 });
  });

  it('sends what was recorded, with the key in the place of the redacted one', async () => {
    const seen: Passing[] = [];
    const fault: Fault = {
      request: (passing) => {
        seen.push(passing);
        return [passing];
      },
    };
    const key = ['sk', 'made-up'].join('-');
    await run([TEXT], faulty(fault), { credentials: { key, headers: ['X-Team', 'tape'] } });
    await run([TEXT], faulty(fault));
    expect(seen.map(({ headers }) => [headers.authorization, headers['x-team']])).toEqual([
      [`Bearer ${key}`, 'tape'],
      ['Bearer tapedeck-no-key', undefined],
    ]);
    expect(seen[0]!.path).toBe('/v1/responses');
    expect(JSON.parse(seen[0]!.body)).toMatchObject({ stream: true, store: false });
  });

  it('fires only what a filter and a shard want', async () => {
    const filtered = await run(['0.169.0/tool'], proxy, {
      options: { ...OPTIONS, profiles: [], filter: 'x2 against.st' },
    });
    expect(verdictsIn(filtered)).toEqual(['against.status passed', 'against.stream passed']);
    const parts = await Promise.all(['1/2', '2/2'].map((shard) => run(['0.169.0/tool'], proxy, { shard })));
    expect(parts.map(({ counts }) => counts.exchanges).reduce((a, b) => a + b)).toBe(3);
    expect(parts[0]!.shard).toBe('1/2');
  });

  it('stops at the first exchange that fails with bail', async () => {
    const options = { ...OPTIONS, profiles: [], bail: true };
    const report = await run(['0.169.0/tool', TEXT], faulty({ answer: (passing) => ({ ...passing, status: 500 }) }), {
      options,
    });
    expect(report.counts.exchanges).toBe(1);
  });

  it('says what does not apply: a WebSocket over which nothing was asked, an exchange without an upstream side, a client that went away', async () => {
    const noUpstream = await edited(TEXT, (entries) => entries.splice(1));
    const gone = await edited(TEXT, ([client]) => {
      client!._outcome = 'client-aborted';
    });
    const socket = await edited(TEXT, (entries) => {
      for (const entry of entries) entry._webSocketMessages = [];
    });
    const report = await run([noUpstream, gone, socket], proxy);
    const reasons = (name: string) =>
      report.cassettes.find(({ cassette }) => cassette === name)!.exchanges[0]!.results.map(({ reason }) => reason);
    expect(reasons(noUpstream)).toEqual(Array(5).fill('there is no upstream side to be played'));
    const away = 'the client went away before the answer came to its end';
    expect(reasons(gone)).toEqual([undefined, undefined, undefined, away, away]);
    expect(reasons(socket)).toEqual(Array(5).fill('nothing was asked for over its WebSocket'));
  });

  it('tells a cassette that cannot be read, and goes on', async () => {
    const path = join(temporaryFolder(), 'broken.har');
    await writeFile(path, '{');
    const report = await run([path, TEXT], proxy);
    expect(report.counts).toMatchObject({ cassettes: 2, unreadable: 1, exchanges: 1 });
  });

  /** A session whose second request names the first answer, by the id that was recorded. */
  async function continued(): Promise<{ path: string; recorded: string }> {
    let recorded = '';
    const path = await edited('0.169.0/tool', (entries) => {
      const text = JSON.stringify(entries[0]!.response.content._chunks).replaceAll('\\"', '"');
      recorded = /"id":"(resp_\w+)"/.exec(text)![1]!;
      const second = entries.find((one) => one._exchange === 'x2' && one._side === 'client')!.request.postData!;
      second.text = JSON.stringify({ ...JSON.parse(second.text), previous_response_id: recorded });
    });
    return { path, recorded };
  }

  it('goes on with the answers that this gateway gave', async () => {
    const { path, recorded } = await continued();
    const seen: unknown[] = [];
    const fault: Fault = {
      request: editBody((body) => {
        seen.push(body.previous_response_id);
        if (body.previous_response_id) body.previous_response_id = recorded;
      }),
      answer: editAnswer((text) => text.replace(/"id":"resp_\w+"/g, '"id":"resp_mine"')),
    };
    const report = await run([path], faulty(fault));
    expect(seen).toEqual([undefined, 'resp_mine', undefined]);
    expect(failuresIn(report)).toEqual([]);
  });

  it('goes on with them where the first event of a stream is not the one that names them', async () => {
    const { path } = await continued();
    const seen: unknown[] = [];
    const fault: Fault = {
      request: editBody((body) => seen.push(body.previous_response_id)),
      answer: editAnswer(
        (text) =>
          `event: keepalive\ndata: {"type":"keepalive"}\n\n${text.replace(/"id":"resp_\w+"/g, '"id":"resp_mine"')}`,
      ),
    };
    await run([path], faulty(fault));
    expect(seen).toEqual([undefined, 'resp_mine', undefined]);
  });

  it('keeps the recorded time between requests when it is told to', async () => {
    const path = await edited('0.169.0/tool', (entries) => {
      for (const entry of entries) {
        entry.startedDateTime = new Date(
          Date.parse('2026-01-01') + 100_000 * Number(entry._exchange.slice(1)),
        ).toISOString();
      }
    });
    const starts: number[] = [];
    const fault: Fault = {
      request: (passing) => {
        starts.push(performance.now());
        return [passing];
      },
    };
    await run([path], faulty(fault), { speed: 1000 });
    expect(starts[1]! - starts[0]!).toBeGreaterThan(80);
    expect(starts[2]! - starts[1]!).toBeGreaterThan(80);
  });
});
