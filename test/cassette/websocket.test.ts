import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/cassette/format.ts';
import { eventChunks, legOf, legsOf } from '../../src/cassette/legs.ts';
import { RECORDING_LIMITS } from '../../src/cassette/limits.ts';
import { createRecorder } from '../../src/cassette/recorder.ts';
import { recoverJournals } from '../../src/cassette/recovery.ts';
import type { ExchangeTap, MessageTap, Recorder } from '../../src/cassette/tap.ts';
import { fromUtf8 } from '../../src/util/bytes.ts';
import { bytesOf, complete, HEADER, MemoryJournal, readAll, temporaryFolder } from './support/scripted.ts';

const STARTED = 1_763_700_000_000;
const PASSED = { name: 'tapedeck', version: '0.0.0-test', how: 'passthrough' };
const UPGRADE = ['Host', '127.0.0.1:5555', 'Upgrade', 'websocket', 'Connection', 'Upgrade'];

const CREATE = '{"type":"response.create","model":"m"}';
const CREATED = '{"type":"response.created","response":{"id":"r"}}';
const COMPLETED = '{"type":"response.completed","response":{"id":"r"}}';

/** An exchange with both sides; `say` and `hear` tell all legs of a direction the same. */
class Script {
  readonly tap: ExchangeTap;
  readonly sent: MessageTap[];
  readonly received: MessageTap[];
  readonly #attempt: ReturnType<ExchangeTap['attempt']>;

  constructor(recorder: Recorder, connection = 'c1') {
    const seed = `${STARTED}-0123456789abcdef`;
    const request = { method: 'GET', url: '/v1/responses', httpVersion: '1.1', headers: UPGRADE };
    const response = { status: 101, statusText: 'Switching Protocols', httpVersion: '1.1', headers: ['X-A', '1'] };
    this.tap = recorder.open({ startedAt: STARTED, seed, protocol: 'responses', request, connection });
    this.#attempt = this.tap.attempt();
    const up = { ...request, url: 'http://127.0.0.1:4000/v1/responses' };
    this.sent = [this.tap.clientRequest, this.#attempt.request(0, up, 'responses', PASSED)];
    this.received = [this.#attempt.response(0, response), this.tap.clientResponse(0, response, PASSED)];
  }

  say(ms: number, text: string | Uint8Array, binary?: boolean): void {
    for (const leg of this.sent) leg.data(ms, bytesOf(text), binary);
  }

  hear(ms: number, text: string | Uint8Array, binary?: boolean): void {
    for (const leg of this.received) leg.data(ms, bytesOf(text), binary);
  }

  end(ms: number): void {
    for (const leg of this.sent) leg.end(complete(1, 'client'));
    for (const leg of this.received) leg.end(complete(ms));
    this.#attempt.close('complete', complete(ms));
    this.tap.close('complete', complete(ms));
  }
}

async function record(
  play: (recorder: Recorder) => void,
): Promise<{ entries: Entry[]; path: string } & Awaited<ReturnType<typeof readAll>>> {
  const path = join(temporaryFolder(), 'socket.har');
  const recorder = await createRecorder({ path, header: HEADER });
  play(recorder);
  await recorder.close();
  return { path, ...(await readAll(path)) };
}

describe('an exchange over a WebSocket', () => {
  const play = (recorder: Recorder) => {
    const script = new Script(recorder);
    script.say(0.5, CREATE);
    script.hear(2, CREATED);
    script.say(2.25, '{"type":"response.cancel"}');
    script.hear(3, COMPLETED);
    script.end(3);
    script.tap.webSocketClose({ by: 'client', code: 1006, reason: '' });
  };

  it('has the handshake, and its messages once', async () => {
    const { entries } = await record(play);
    const [client, upstream] = entries;
    expect(client).toMatchObject({
      _connection: 'c1',
      _side: 'client',
      _outcome: 'complete',
      request: { method: 'GET', url: 'http://127.0.0.1:5555/v1/responses', bodySize: CREATE.length + 26 },
      response: { status: 101, content: { size: 0, mimeType: '' }, bodySize: CREATED.length + COMPLETED.length },
      timings: { send: 1, wait: 1, receive: 1 },
      _webSocketClose: { by: 'client', code: 1006, reason: '' },
    });
    expect(client!.request.postData).toBeUndefined();
    expect(client!._webSocketMessages).toEqual([
      { type: 'send', time: 1_763_700_000.0005, opcode: 1, data: CREATE },
      { type: 'receive', time: 1_763_700_000.002, opcode: 1, data: CREATED },
      { type: 'send', time: 1_763_700_000.00225, opcode: 1, data: '{"type":"response.cancel"}' },
      { type: 'receive', time: 1_763_700_000.003, opcode: 1, data: COMPLETED },
    ]);
    expect(upstream).toMatchObject({ _connection: 'c1', _side: 'upstream', _webSocketSameAs: 'client' });
    expect(upstream!._webSocketMessages).toBeUndefined();
    expect(upstream!.timings).toEqual(client!.timings);
  });

  it('is read by legs, as lines, as messages and as events', async () => {
    const { exchanges } = await record(play);
    const legs = legsOf(exchanges[0]!);
    expect(legs.map(({ name, body }) => [name, body?.text])).toEqual([
      ['client-request', `${CREATE}\n{"type":"response.cancel"}\n`],
      ['upstream-request', `${CREATE}\n{"type":"response.cancel"}\n`],
      ['upstream-response', `${CREATED}\n${COMPLETED}\n`],
      ['client-response', `${CREATED}\n${COMPLETED}\n`],
    ]);
    const answer = legOf(exchanges[0]!, 'client-response')!;
    expect(answer.messages?.map(({ ms, binary }) => [ms, binary])).toEqual([
      [2, false],
      [3, false],
    ]);
    expect(eventChunks(answer).map(({ ms, data }) => [ms, fromUtf8(data)])).toEqual([
      [2, `data: ${CREATED}\n\n`],
      [3, `data: ${COMPLETED}\n\n`],
    ]);
  });

  it('fits schemas/cassette.schema.json', async () => {
    const { path } = await record(play);
    const schema = JSON.parse(await readFile(new URL('../../schemas/cassette.schema.json', import.meta.url), 'utf8'));
    const validate = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false }).compile(schema);
    validate(JSON.parse(await readFile(path, 'utf8')));
    expect(validate.errors ?? []).toEqual([]);
  });

  it('keeps binary, empty and many-lined messages as they are', async () => {
    const { exchanges, entries } = await record((recorder) => {
      const script = new Script(recorder);
      script.say(1, Uint8Array.of(10, 255), true);
      script.say(1.5, 'text', true);
      script.hear(2, '');
      script.hear(3, '{\r\n "a": 1\n}\n');
      script.end(4);
    });
    expect(entries[0]!._webSocketMessages?.map(({ opcode, data }) => [opcode, data])).toEqual([
      [2, 'Cv8='],
      [2, Buffer.from('text').toString('base64')],
      [1, ''],
      [1, '{\r\n "a": 1\n}\n'],
    ]);
    expect(legOf(exchanges[0]!, 'client-request')!.messages?.map(({ binary }) => binary)).toEqual([true, true]);
    expect(fromUtf8(eventChunks(legOf(exchanges[0]!, 'client-response')!)[1]!.data)).toBe(
      'data: {\ndata:  "a": 1\ndata: }\ndata: \n\n',
    );
  });

  it('writes out the upstream side where the two differ', async () => {
    const { entries } = await record((recorder) => {
      const script = new Script(recorder);
      script.say(1, CREATE);
      script.received[0]!.data(2, bytesOf(CREATED));
      script.end(3);
    });
    expect(entries[0]!._webSocketMessages).toHaveLength(1);
    expect(entries[1]!._webSocketSameAs).toBeUndefined();
    expect(entries[1]!._webSocketMessages?.map(({ data }) => data)).toEqual([CREATE, CREATED]);
  });

  it('without any message is its handshake and its end', async () => {
    const { entries } = await record((recorder) => {
      const script = new Script(recorder);
      script.end(0);
      script.tap.webSocketClose({ by: 'upstream', code: 1000, reason: 'bye' });
    });
    expect(entries.map((entry) => [entry._webSocketMessages, entry._webSocketClose?.reason])).toEqual([
      [[], 'bye'],
      [[], 'bye'],
    ]);
  });
});

describe('redaction', () => {
  const secret = ['sk', '-proj-', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'].join('');
  const delta = (text: string) =>
    JSON.stringify({
      type: 'response.output_text.delta',
      output_index: 0,
      content_index: 0,
      item_id: 'm',
      delta: text,
    });

  it('finds secrets in messages and across the deltas of several', async () => {
    const { entries, path } = await record((recorder) => {
      const script = new Script(recorder);
      script.say(1, JSON.stringify({ type: 'response.create', input: `key ${secret} here` }));
      script.hear(2, delta(`the key is ${secret.slice(0, 20)}`));
      script.hear(3, delta(`${secret.slice(20)} and no other`));
      script.hear(4, COMPLETED);
      script.end(4);
      script.tap.webSocketClose({ by: 'upstream', code: 1008, reason: secret });
    });
    const text = await readFile(path, 'utf8');
    expect(text).not.toContain(secret.slice(0, 20));
    expect(text).not.toContain(secret.slice(20));
    expect(entries[0]).toMatchObject({ _webSocketRedacted: 2, _webSocketClose: { reason: '[redacted:api-key#1]' } });
    const data = entries[0]!._webSocketMessages!.map((message) => message.data);
    expect(data).toHaveLength(4);
    expect(JSON.parse(data[0]!).input).toBe('key [redacted:api-key#1] here');
    expect(
      data
        .slice(1, 3)
        .map((one) => JSON.parse(one).delta)
        .join(''),
    ).toBe('the key is [redacted:api-key#1] and no other');
    expect(legOf((await readAll(path)).exchanges[0]!, 'client-request')!.body).toMatchObject({ wire: undefined });
  });
});

describe('the journal', () => {
  it('gives back what had come when the recording was killed', async () => {
    const path = join(temporaryFolder(), 'killed.har');
    const recorder = await createRecorder({ path, header: HEADER });
    const script = new Script(recorder);
    script.say(1, CREATE);
    script.hear(2, CREATED);
    // What a kill leaves: the journal as it is on the disk, of a process that is gone.
    const part = `${path}.part`;
    let text = '';
    while (!text.includes('response.created')) text = await readFile(part, 'utf8');
    const { writeFile } = await import('node:fs/promises');
    const other = join(temporaryFolder(), 'other.har');
    const [first, ...rest] = text.split('\n');
    const start = JSON.parse(first!);
    start.owner.pid = 999_999_999;
    await writeFile(`${other}.part`, [JSON.stringify(start), ...rest].join('\n'));
    expect(await recoverJournals(`${other}.part`)).toMatchObject([{ outcome: 'recovered', exchanges: 1 }]);
    const [client] = (await readAll(other)).entries;
    expect(client).toMatchObject({ _outcome: 'recorder-killed', _connection: 'c1' });
    expect(client!._webSocketMessages?.map(({ data }) => data)).toEqual([CREATE, CREATED]);
    script.end(3);
    await recorder.close();
  });

  it('takes the end of the connection long after that of its last exchange', async () => {
    const path = join(temporaryFolder(), 'late.har');
    const journal = new MemoryJournal();
    const recorder = await createRecorder({ path, header: HEADER, createJournal: async () => journal });
    const script = new Script(recorder);
    script.say(1, CREATE);
    script.hear(2, COMPLETED);
    script.end(3);
    await journal.until('"t":"close"');
    script.tap.webSocketClose({ by: 'client', code: 1000, reason: '' });
    const summary = await recorder.close();
    expect(summary).toMatchObject({ exchanges: 1, outcomes: { complete: 1 } });
    const { entries } = await readAll(path);
    expect(entries.map(({ _webSocketClose }) => _webSocketClose?.code)).toEqual([1000, 1000]);
  });

  it('keeps so much of an exchange and no more', async () => {
    const { entries } = await record((recorder) => {
      const script = new Script(recorder);
      script.say(1, CREATE);
      script.hear(2, Buffer.alloc(RECORDING_LIMITS.bodyBytes, 'x'));
      script.hear(3, COMPLETED);
      script.end(4);
    });
    expect(entries[0]).toMatchObject({ _webSocketCut: COMPLETED.length });
    expect(entries[0]!._webSocketMessages).toHaveLength(2);
  }, 30_000);
});
