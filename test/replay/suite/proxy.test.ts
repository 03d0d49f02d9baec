import { readFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CassetteHeader, Entry } from '../../../src/cassette/format.ts';
import { writeCassette } from '../../../src/cassette/store.ts';
import { answerItems } from '../../../src/conformance/provider/default-answer.ts';
import { startScriptedUpstream } from '../../../src/conformance/scripted-upstream.ts';
import { encodeBody } from '../../../src/decode/body.ts';
import { Relay } from '../../../src/proxy/relay.ts';
import { replayFile, runSuite } from '../../../src/replay/suite.ts';
import { writeJson } from '../../../src/report/results/json.ts';
import { mergeReports } from '../../../src/report/results/merge.ts';
import { type CassetteResult, exitOfReport, type ReplayOptions } from '../../../src/report/results/model.ts';
import { problemsOf } from '../../../src/report/results/problems.ts';
import { fixture, temporaryFolder } from '../../helpers/cassette-files.ts';
import { recordProxied } from '../../helpers/proxied.ts';
import { failuresOf, OPTIONS, post, verdictsOf } from './recorded.ts';

/** An upstream that answers as the listener does; its base URL. */
async function upstreamOf(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

function replay(path: string, options: Partial<ReplayOptions> = {}, shard?: string): Promise<CassetteResult> {
  const part = shard === undefined ? {} : { shard };
  return replayFile(
    { path, name: 'session.har' },
    { options: { ...OPTIONS, filter: '/proxy\\./', ...options }, ...part },
  );
}

/** Verdicts of both checks, or the reasons why they do not apply. */
function verdicts(result: CassetteResult): { request: string[]; response: string[] } {
  expect(result.unreadable).toBeUndefined();
  expect(failuresOf(result)).toEqual([]);
  return { request: verdictsOf(result, 'proxy.request'), response: verdictsOf(result, 'proxy.response') };
}

const PASSED = { request: ['passed'], response: ['passed'] };

/** A request by node itself, for what `fetch` does not do; resolves when it is over, however it ends. */
function ask(url: string, method: string, headers: string[], body: readonly Uint8Array[] = []): Promise<void> {
  return new Promise((resolve) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      response.on('error', () => {}).on('close', resolve);
      response.resume();
    });
    request.on('error', () => resolve());
    for (const part of body) request.write(part);
    request.end();
  });
}

const JSON_FIELDS = ['Host', 'gateway.test', 'content-type', 'application/json'];
const BODY = Buffer.from('{"model":"m","input":"hi"}');
const answerWhole: RequestListener = (request, response) => {
  request.resume().on('end', () => {
    const text = JSON.stringify({ id: 'resp_1', object: 'response', text: 'höher' });
    response.writeHead(200, { 'Content-Type': 'application/json', 'X-Two': ['a', 'b'] }).end(text);
  });
};

describe('what the proxy handed through, it hands through again', () => {
  it.each<[string, string, string, string[], readonly Uint8Array[]]>([
    ['a GET with a query', 'GET', '/models?limit=1&b=%20', ['Host', 'gateway.test'], []],
    ['a HEAD', 'HEAD', '/models', ['Host', 'gateway.test'], []],
    ['a body of known length', 'POST', '/responses', [...JSON_FIELDS, 'Content-Length', String(BODY.length)], [BODY]],
    ['a chunked body', 'POST', '/responses', [...JSON_FIELDS, 'Transfer-Encoding', 'chunked'], [BODY, BODY]],
    [
      'a body that waits for 100',
      'POST',
      '/responses',
      [...JSON_FIELDS, 'Content-Length', '26', 'Expect', '100-continue'],
      [BODY],
    ],
    [
      'fields of the connection',
      'POST',
      '/responses',
      [...JSON_FIELDS, 'Connection', 'x-hop, close', 'X-Hop', '1', 'TE', 'trailers', 'Content-Length', '0'],
      [],
    ],
    [
      'fields twice, in their case',
      'GET',
      '/files/a%2Fb',
      ['Host', 'gateway.test', 'X-a', '1', 'x-A', '2', 'Cookie', 'a=b'],
      [],
    ],
  ])('%s', async (_, method, path, headers, body) => {
    const upstream = await upstreamOf(answerWhole);
    const cassette = await recordProxied({ upstream }, (url) => ask(url + path, method, headers, body));
    const result = await replay(cassette);
    expect(verdicts(result)).toEqual(PASSED);
    expect(result).toMatchObject({ served: 1 });
    expect(result.unused).toBeUndefined();
  });

  it.each<[string, RequestListener]>([
    ['no content', (_, response) => response.writeHead(204).end()],
    [
      'not modified, with a length',
      (_, response) => response.writeHead(304, { 'content-length': '12', etag: '"a"' }).end(),
    ],
    [
      'a coded answer',
      (_, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain' }).end(gzipSync('höher')),
    ],
    [
      'trailers',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/plain', Trailer: 'x-sum' });
        response.write('abc');
        response.addTrailers({ 'x-sum': '1' });
        response.end();
      },
    ],
    [
      'bytes that are no text',
      (_, response) =>
        response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from([0x89, 0, 0xff, 10, 13])),
    ],
    ['an error', (_, response) => response.writeHead(429, { 'retry-after': '2' }).end('{"error":{}}')],
    [
      'early hints',
      (_, response) => {
        response.writeEarlyHints({ link: '</a>; rel=preload' });
        response.writeHead(200).end('late');
      },
    ],
    [
      'a chunked answer that broke off',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n', () => response.destroy());
      },
    ],
    [
      'an answer of known length that broke off',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('0123456789', () => response.destroy());
      },
    ],
    ['no answer', (_, response) => response.destroy()],
  ])('%s', async (_, listener) => {
    const upstream = await upstreamOf((request, response) => {
      request.resume().on('end', () => listener(request, response));
    });
    const headers = [...JSON_FIELDS, 'Content-Length', String(BODY.length)];
    const cassette = await recordProxied({ upstream }, (url) => ask(`${url}/responses`, 'POST', headers, [BODY]));
    expect(verdicts(await replay(cassette))).toEqual(PASSED);
  });

  it('an upstream that is not there', async () => {
    const upstream = await upstreamOf(answerWhole);
    const closed = await recordProxied({ upstream: upstream.replace(/:\d+/, ':1') }, (url) =>
      post(url, '/responses', {}),
    );
    expect(verdicts(await replay(closed))).toEqual({
      request: ['nothing went upstream, as was recorded'],
      response: ['passed'],
    });
  });

  it('equal requests get their own answers, whichever of them are judged', async () => {
    let count = 0;
    const upstream = await upstreamOf((_, response) => response.end(String(++count)));
    const cassette = await recordProxied({ upstream }, async (url) => {
      for (let i = 0; i < 4; i++) await ask(`${url}/models`, 'GET', ['Host', 'gateway.test']);
    });
    const result = await replay(cassette);
    expect(verdicts(result).response).toEqual(Array(4).fill('passed'));
    expect(result.served).toBe(4);
    const parts = await Promise.all(['1/2', '2/2'].map((shard) => replay(cassette, {}, shard)));
    expect(parts.flatMap(failuresOf)).toEqual([]);
    expect(parts.reduce((sum, { served = 0 }) => sum + served, 0)).toBe(4);
  });
});

describe('what the proxy did on its own, it does again', () => {
  const send = (url: string, coding: string, body: Uint8Array) =>
    ask(
      `${url}/responses`,
      'POST',
      [...JSON_FIELDS, 'Content-Encoding', coding, 'Content-Length', String(body.length)],
      [body],
    );

  it("a key of its own, and nothing of the client's", async () => {
    const upstream = await upstreamOf(answerWhole);
    const [own, theirs] = [['sk-', 'own-key-0123456789abcdef'].join(''), ['sk-', 'client-0123456789abcdef'].join('')];
    const cassette = await recordProxied({ upstream, upstreamKey: own }, (url) =>
      ask(`${url}/models`, 'GET', [
        'Host',
        'g.test',
        'Authorization',
        `Bearer ${theirs}`,
        'ChatGPT-Account-Id',
        'acc-1',
      ]),
    );
    expect(verdicts(await replay(cassette))).toEqual(PASSED);
  });

  it.each([undefined, ['sk-', 'own-key-0123456789abcdef'].join('')])(
    'no key of the client where that is for the proxy; its own: %s',
    async (own) => {
      const upstream = await upstreamOf(answerWhole);
      const key = ['sk-', 'gateway-0123456789abcdef'].join('');
      const options = { upstream, clientKey: key, ...(own === undefined ? {} : { upstreamKey: own }) };
      const cassette = await recordProxied(options, (url) =>
        ask(`${url}/models`, 'GET', [
          'Host',
          'g.test',
          'Authorization',
          `Bearer ${key}`,
          'ChatGPT-Account-Id',
          'acc-1',
        ]),
      );
      expect(verdicts(await replay(cassette))).toEqual(PASSED);
    },
  );

  it('a coded body, passed on, decoded, and one that cannot be', async () => {
    const upstream = await upstreamOf(answerWhole);
    const zstd = await encodeBody(BODY, ['zstd']);
    const passed = await recordProxied({ upstream }, (url) => send(url, 'zstd', zstd));
    expect(verdicts(await replay(passed))).toEqual(PASSED);
    const decoded = await recordProxied({ upstream, requestCoding: 'decode' }, async (url) => {
      await send(url, 'zstd', zstd);
      await send(url, 'zstd', zstd.subarray(0, zstd.length - 3));
      await send(url, 'compress', zstd);
    });
    expect(verdicts(await replay(decoded))).toEqual({
      request: ['passed', 'nothing went upstream, as was recorded', 'nothing went upstream, as was recorded'],
      response: ['passed', 'passed', 'passed'],
    });
  });

  it('a protocol that had to be found out, and another name for the model', async () => {
    const upstream = await startScriptedUpstream({
      speaks: ['chat'],
      script: [{ when: {}, answer: answerItems({ items: [{ type: 'message', text: 'höher 日本' }] }) }],
    });
    onTestFinished(() => upstream.close());
    const translation = { protocol: 'auto', map: ['m=other'] } as const;
    const cassette = await recordProxied({ upstream: upstream.url, translation }, async (url) => {
      await post(url, '/responses', { model: 'm', input: 'hi', stream: true, store: false });
      await post(url, '/responses', { model: 'm', input: 'hi' });
      await post(url, '/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'hi' }] });
    });
    const result = await replay(cassette);
    const { request, response } = verdicts(result);
    expect([...request, ...response].every((one) => one === 'passed')).toBe(true);
    expect(request.length).toBeGreaterThan(3);
    expect(response).toHaveLength(3);
  });

  it('tokens that it counted itself', async () => {
    const upstream = await startScriptedUpstream({ speaks: ['chat'] });
    onTestFinished(() => upstream.close());
    const cassette = await recordProxied({ upstream: upstream.url, translation: { protocol: 'chat' } }, (url) =>
      post(url, '/messages/count_tokens', { model: 'm', messages: [{ role: 'user', content: 'hi' }] }),
    );
    expect(verdicts(await replay(cassette))).toEqual({
      request: ['nothing went upstream, as was recorded'],
      response: ['passed'],
    });
  });
});

type Edit = (client: Entry, upstream: Entry, header: CassetteHeader) => void;

/** A copy of a fixture with a change to its first exchange. */
async function changed(name: string, edit: Edit): Promise<string> {
  const document = JSON.parse(await readFile(fixture(`cassettes/${name}.har`), 'utf8'));
  const [client, upstream] = ['client', 'upstream'].map((side) =>
    document.log.entries.find((one: Entry) => one._exchange === 'x1' && one._side === side),
  );
  edit(client, upstream, document.log._tapedeck);
  const path = join(temporaryFolder(), 'changed.har');
  await writeCassette(path, document.log._tapedeck, document.log.entries);
  return path;
}

const PASS = '0.169.0/text';
const CARRIED = 'translated/0.169.0-chat-text';

describe('what cannot be run again is told, with the reason', () => {
  const gone: Edit = (client, upstream) => {
    for (const entry of [client, upstream]) {
      entry._outcome = 'client-aborted';
      entry._end = { by: 'client', how: 'closed', ms: 1 };
    }
  };
  it.each<[string, string, Edit]>([
    [
      'the client side was made by litellm',
      PASS,
      (client) => {
        client._producer = { name: 'litellm' };
      },
    ],
    [
      'the upstream side was made by litellm',
      PASS,
      (_, upstream) => {
        upstream._producer = { name: 'litellm' };
      },
    ],
    ['the client went away before the end', PASS, gone],
    [
      'the proxy was stopped',
      PASS,
      (client, upstream, header) => {
        gone(client, upstream, header);
        client._end!.by = 'tapedeck';
      },
    ],
    [
      'the recording ended before the exchange did',
      PASS,
      (client) => {
        client._outcome = 'recorder-killed';
      },
    ],
    [
      'no answer went to the client',
      PASS,
      (client) => {
        client.response.status = 0;
      },
    ],
    [
      'the request did not arrive whole',
      PASS,
      (client) => {
        client.request._incomplete = true;
      },
    ],
    [
      'the body of the client-request is cut: 7 bytes are missing at its end',
      PASS,
      (client) => {
        client.request.postData!._cut = 7;
      },
    ],
    [
      'the body of the client-response is cut: 7 bytes are missing at its end',
      PASS,
      (client) => {
        client.response.content._cut = 7;
      },
    ],
    [
      'the request asks for another protocol than HTTP',
      PASS,
      (client) => {
        client.request.headers.push({ name: 'Upgrade', value: 'websocket' });
      },
    ],
    [
      'it was recorded with another upstream than the cassette names',
      PASS,
      (_, upstream) => {
        upstream.request.url = 'http://localhost/v1/elsewhere';
      },
    ],
    [
      'the cassette does not say what the upstream was',
      PASS,
      (_, __, header) => {
        header.upstream.url = '';
      },
    ],
    [
      'redaction changed a URL, so requests go elsewhere now',
      PASS,
      (client) => {
        client.request.url += '?key=[redacted:api-key#1]';
      },
    ],
    [
      'the cassette does not say which dialect was in force',
      CARRIED,
      (_, upstream) => {
        delete upstream._producer.dialect;
      },
    ],
    [
      'redaction or elision changed the body of the client-request, which was coded: its bytes on the wire are not kept',
      PASS,
      (client) => {
        Object.assign(client.request.postData!, { _redacted: 1, _wire: { encodings: ['zstd'], bytes: 99 } });
      },
    ],
  ])('%s', async (reason, name, edit) => {
    const result = await replay(await changed(name, edit), { filter: '/x1 proxy\\./' });
    expect(verdicts(result)).toEqual({ request: [reason], response: [reason] });
    expect(result.served).toBeUndefined();
  });

  it('a dialect that is gone is a fault', async () => {
    const path = await changed(CARRIED, (_, upstream) => {
      upstream._producer.dialect = 'gone';
    });
    const failures = failuresOf(await replay(path));
    expect(failures).toEqual([
      'x1 proxy.request: upstream-request: there is no dialect "gone" of chat any more',
      'x1 proxy.response: client-response: there is no dialect "gone" of chat any more',
    ]);
  });
});

describe('an exchange of another upstream than the cassette names', () => {
  it.each([PASS, CARRIED])('is run with its own: %s', async (name) => {
    const path = await changed(name, (_, __, header) => {
      header.upstream.url = 'https://merged.test/api/v4?key=x';
    });
    expect(verdicts(await replay(path))).toEqual(PASSED);
  });
});

describe('redacted and elided texts', () => {
  it('are sent as they stand, with the length that they have now', async () => {
    const path = await changed(PASS, (client) => {
      const { postData } = client.request;
      postData!.text = postData!.text.replace('"stream":true', '"stream":true,"user":"[redacted:email#7]"');
      postData!._redacted = 1;
    });
    expect(verdicts(await replay(path))).toEqual(PASSED);
  });
});

describe('recordings that are left over or too old', () => {
  /** The first exchange has a second attempt at the same request. */
  async function twice(): Promise<string> {
    const path = await changed(PASS, () => {});
    const document = JSON.parse(await readFile(path, 'utf8'));
    const copy = structuredClone(document.log.entries[1]);
    document.log.entries.push({ ...copy, _attempt: 2 });
    await writeCassette(path, document.log._tapedeck, document.log.entries, { force: true });
    return path;
  }

  it('an attempt that the proxy does not make is left over, which strict makes a failure', async () => {
    const path = await twice();
    const result = await replay(path);
    expect(verdicts(result).request).toEqual([
      'passed',
      'the proxy does not ask for it any more: the recording is left over',
    ]);
    expect(result).toMatchObject({ served: 1, unused: [{ exchange: 'x1', attempt: 2 }] });
    const runOn = (strict: boolean) =>
      runSuite({ inputs: [{ path, name: 'a.har' }], options: { ...OPTIONS, splits: 'none', strict }, jobs: 1 });
    expect(exitOfReport(await runOn(false))).toBe(0);
    const report = await runOn(true);
    expect(exitOfReport(report)).toBe(3);
    expect(report.counts.unused).toBe(1);
    expect(problemsOf(report.cassettes[0]!, report.options)).toEqual([
      { kind: 'left over', message: 'the recording of x1, attempt 2: the proxy does not ask for it', fails: true },
    ]);
  });

  it('a recording that is too old is not served, and fails the run', async () => {
    const at = Date.parse('2026-11-21T06:25:58.265Z');
    const file = { path: fixture(`cassettes/${PASS}.har`), name: 'a.har' };
    const judged = (now: number) => replayFile(file, { options: { ...OPTIONS, maxAge: '30d' }, now });
    const day = 24 * 3600 * 1000;
    const fresh = await judged(at + 30 * day);
    expect(fresh).toMatchObject({ served: 1 });
    expect(fresh.expired).toBeUndefined();
    const old = await judged(at + 30 * day + 1);
    expect(old.expired).toEqual([{ exchange: 'x1', recordedAt: '2026-11-21T06:25:58.265Z' }]);
    expect(old.served).toBeUndefined();
    expect(verdictsOf(old, 'proxy.response')).toEqual(['the recording has expired']);
    // The other checks do not serve it.
    expect(verdictsOf(old, 'passthrough.equal')).toEqual(['passed', 'passed']);
    expect(failuresOf(old)).toEqual([]);
    const problems = problemsOf(old, { strict: false, maxAge: '30d' });
    expect(problems).toMatchObject([{ kind: 'expired', fails: true }]);
    expect(problems[0]!.message).toBe(
      '1 exchange was recorded more than 30d ago, the first, x1, at 2026-11-21T06:25:58.265Z',
    );
    const options = { ...OPTIONS, maxAge: '1ms' };
    expect(exitOfReport(await runSuite({ inputs: [file], options, jobs: 1 }))).toBe(5);
  });

  it('parts are joined to what one run would say', async () => {
    const path = await twice();
    const options = { ...OPTIONS, splits: 'none' as const, maxAge: '10000w' };
    const inputs = [
      { path, name: 'a.har' },
      { path: fixture(`cassettes/${CARRIED}.har`), name: 'b.har' },
    ];
    const whole = await runSuite({ inputs, options, jobs: 1 });
    const parts = await Promise.all(
      ['1/3', '2/3', '3/3'].map(async (shard) => ({
        name: shard,
        report: await runSuite({ inputs, options, jobs: 1, shard }),
      })),
    );
    expect(writeJson(mergeReports(parts))).toBe(writeJson(whole));
    expect(whole.counts.unused).toBe(1);
  });
});

describe('expected results', () => {
  it('take the place of recorded ones', async () => {
    const path = await changed(CARRIED, (client, upstream) => {
      const chunks = client.response.content._chunks!;
      client.response.content._chunks = chunks.map(([ms, data]) => [
        ms,
        (data as string).replaceAll('"parallel_tool_calls":true', '"parallel_tool_calls":false'),
      ]);
      const { postData } = upstream.request;
      postData!.text = postData!.text.replace('"stream":true', '"stream":true,"seed":1');
    });
    const judged = (update: boolean) =>
      replayFile({ path, name: 'a.har' }, { options: { ...OPTIONS, splits: 'fast' }, update });
    const before = failuresOf(await judged(false)).join('\n');
    expect(before).toMatch(/x1 proxy\.request: upstream-request: differs at \/seed/);
    expect(before).toMatch(/x1 proxy\.response: client-response: upstream there is no answer to POST/);
    expect(failuresOf(await judged(true))).toEqual([]);
    const after = await judged(false);
    expect(failuresOf(after)).toEqual([]);
    expect(after).toMatchObject({ served: 1 });
    expect(after.unused).toBeUndefined();
    expect(after.leftovers).toBeUndefined();
  });

  it('are the losses that a header counts', async () => {
    const path = await changed(CARRIED, (client) => {
      client._losses = client._losses!.slice(1);
      const counted = client.response.headers.find(({ name }) => name === 'x-tapedeck-losses')!;
      counted.value = counted.value.replace(/\d+/, (hints) => String(Number(hints) - 1));
    });
    const judged = (update: boolean) => replayFile({ path, name: 'a.har' }, { options: OPTIONS, update });
    const before = failuresOf(await judged(false)).join('\n');
    expect(before).toMatch(/x1 proxy\.response: client-response: header x-tapedeck-losses has another value/);
    await judged(true);
    expect(failuresOf(await judged(false))).toEqual([]);
  });
});

describe('a proxy that does not end an exchange', () => {
  it('is not waited for for ever', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const end = vi.spyOn(Relay.prototype, 'onComplete').mockImplementation(() => {});
    onTestFinished(() => end.mockRestore());
    const judged = replay(fixture(`cassettes/${PASS}.har`), { splits: 'none' });
    await vi.waitFor(() => expect(end).toHaveBeenCalled());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(failuresOf(await judged)).toEqual([
      'x1 proxy.response: client-response: the proxy did not end the exchange',
    ]);
  });
});
