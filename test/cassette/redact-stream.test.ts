import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FINDER_LIMITS } from '../../src/cassette/redact/finder.ts';
import { STREAM_LIMITS } from '../../src/cassette/redact/stream.ts';
import { createRedactor } from '../../src/cassette/redact.ts';
import { assertProperty } from '../helpers/properties.ts';
import { holds, join, KEYS, OPAQUE, redactBody, redactChunks, toBytes, toText } from './redact-kit.ts';

const SSE = 'text/event-stream';

/** How each protocol sends a text in pieces. */
const DELTAS: Record<string, Shape> = {
  'responses text': (delta) => ({
    type: 'response.output_text.delta',
    item_id: 'm1',
    output_index: 0,
    content_index: 0,
    delta,
  }),
  'responses refusal': (delta) => ({ type: 'response.refusal.delta', output_index: 0, content_index: 0, delta }),
  'responses arguments': (delta) => ({
    type: 'response.function_call_arguments.delta',
    item_id: 'f1',
    output_index: 1,
    delta,
  }),
  'responses custom tool': (delta) => ({
    type: 'response.custom_tool_call_input.delta',
    item_id: 'c1',
    output_index: 1,
    delta,
  }),
  'responses reasoning': (delta) => ({
    type: 'response.reasoning_text.delta',
    output_index: 0,
    content_index: 0,
    delta,
  }),
  'responses summary': (delta) => ({
    type: 'response.reasoning_summary_text.delta',
    output_index: 0,
    summary_index: 0,
    delta,
  }),
  'responses without any index': (delta) => ({ type: 'response.output_text.delta', delta }),
  'chat text': (content) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
  'chat reasoning': (reasoning_content) => ({ choices: [{ delta: { reasoning_content }, index: 0 }] }),
  'chat tool call': (text) => ({
    choices: [{ index: 0, delta: { tool_calls: [{ index: 1, function: { arguments: text } }] } }],
  }),
  'messages text': (text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  'messages thinking': (thinking) => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'thinking_delta', thinking },
  }),
  'messages tool': (partial_json) => ({
    type: 'content_block_delta',
    index: 1,
    delta: { type: 'input_json_delta', partial_json },
  }),
};

type Shape = (delta: string) => object;

function events(shape: Shape, deltas: readonly string[]): Uint8Array[] {
  return deltas.map((delta) => toBytes(`event: x\ndata: ${JSON.stringify(shape(delta))}\n\n`));
}

/** The text that a client puts together; fails when an event is not JSON any more, or has changed elsewhere. */
function assembled(shape: Shape, chunks: readonly Uint8Array[]): string {
  const path = pathOf(shape(MARK))!;
  const data = join(chunks)
    .split('\n')
    .filter((line) => line.startsWith('data: '));
  return data
    .map((line) => {
      const event = JSON.parse(line.slice(6));
      const delta = path.reduce((value, step) => value[step], event) as unknown as string;
      expect(event).toEqual(shape(delta));
      return delta;
    })
    .join('');
}

const MARK = 'the delta';

function pathOf(value: unknown): string[] | undefined {
  if (value === MARK) return [];
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const rest = pathOf(member);
    if (rest !== undefined) return [key, ...rest];
  }
  return undefined;
}

describe('a secret across chunks', () => {
  const document = JSON.stringify({
    a: 'é',
    password: 'hunter "2"',
    n: { secret: 1234 },
    t: `x ${KEYS.project} y`,
    u: `${OPAQUE}z`,
    é: '漢',
  });

  it.each([
    ['a JSON document', document, 'application/json'],
    [
      'free text',
      `log: ${KEYS.jwt}\n${KEYS.pem}\nhttps://u:${OPAQUE}@h/?api_key=${OPAQUE} Bearer ${KEYS.plain}\n`,
      'text/plain',
    ],
    ['an event', `: hi\nevent: a\ndata: ${document}\n\ndata: [DONE]\n\n`, SSE],
    ['an event of unknown type', `data: ${document}\r\n\r\n`, ''],
    ['a form', `a=b&refresh_token=${OPAQUE}&c=${KEYS.groq}`, 'application/x-www-form-urlencoded'],
    [
      'escapes',
      `{"a":"${KEYS.slack.replaceAll('-', '\\u002d')}","b":"{\\"api_key\\":\\"${OPAQUE}\\"}"}`,
      'application/json',
    ],
  ])('%s is the same wherever it is split', (_, text, mimeType) => {
    const bytes = toBytes(text);
    const whole = redactBody(text, mimeType, known());
    for (const secret of [KEYS.project, KEYS.jwt, KEYS.plain, KEYS.slack, KEYS.groq, KEYS.pem, OPAQUE]) {
      expect(holds(whole, secret)).toBe(false);
    }
    for (let at = 0; at <= bytes.length; at++) {
      const out = redactChunks([bytes.subarray(0, at), bytes.subarray(at)], mimeType, known());
      expect(out).toHaveLength(2);
      expect(join(out)).toBe(whole);
    }
    const single = redactChunks(
      [...bytes].map((byte) => Uint8Array.of(byte)),
      mimeType,
      known(),
    );
    expect(single).toHaveLength(bytes.length);
    expect(join(single)).toBe(whole);
  });

  it('is the same for any cut into chunks', () => {
    const bytes = toBytes(`data: ${document}\n\n`.repeat(3));
    const whole = redactBody(toText(bytes), SSE, known());
    assertProperty(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
        const out = redactChunks(chunks, SSE, known());
        expect(out).toHaveLength(chunks.length);
        expect(join(out)).toBe(whole);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves a text without secrets alone, and its chunks as they are', () => {
    const unit = fc.constantFrom(...'sk-ey"\\/:{}[],=%&?# nu04\n\ré漢😀_');
    assertProperty(
      fc.property(
        fc.array(fc.string({ unit, maxLength: 12 })),
        fc.constantFrom(SSE, 'text/plain', 'application/json'),
        (parts, mimeType) => {
          const chunks = parts.map(toBytes);
          const out = redactChunks(chunks, mimeType);
          expect(out).toHaveLength(chunks.length);
          out.forEach((chunk, i) => {
            expect(chunk).toBe(chunks[i]);
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("finds users' patterns across chunks", () => {
    const bytes = toBytes('a {"x":"grüne Ampel 77"} grün');
    for (let at = 0; at <= bytes.length; at++) {
      const redactor = createRedactor({ patterns: [/grüne? \w+ (?=\d)\d+/] });
      const out = redactChunks([bytes.subarray(0, at), bytes.subarray(at)], 'text/plain', redactor);
      expect(join(out)).toBe('a {"x":"[redacted:custom#1]"} grün');
    }
  });

  function known() {
    const redactor = createRedactor();
    redactor.headers(['authorization', `Bearer ${OPAQUE}`]);
    return redactor;
  }
});

describe.each(Object.entries(DELTAS))('a secret across deltas: %s', (_, shape) => {
  it.each([
    ['a key', `the key ${KEYS.project} is`, KEYS.project],
    ['a token', `${KEYS.jwt}`, KEYS.jwt],
    ['a JSON field', `{"password": "${OPAQUE}", "b": 1}`, OPAQUE],
    ['a known credential', `it is ${OPAQUE}!`, OPAQUE],
    ['a nested escape', `{"cmd":"echo ${KEYS.project.replaceAll('-', '\\u002d')}"}`, KEYS.project],
  ])('%s at every split', (_, text, secret) => {
    for (let at = 1; at < text.length; at++) {
      const redactor = createRedactor();
      redactor.headers(['x-api-key', OPAQUE]);
      const chunks = events(shape, [text.slice(0, at), text.slice(at), ' end']);
      const out = redactChunks(chunks, SSE, redactor);
      expect(out).toHaveLength(chunks.length);
      const result = assembled(shape, out);
      expect(holds(result, secret)).toBe(false);
      expect(result).toMatch(/^[^[]*\[redacted:[a-z-]+#\d\][^[]* end$/);
      expect(result.replace(/\[redacted:[^\]]*\]/, '')).toBe(`${text} end`.replace(secretOf(text, secret), ''));
    }
  });

  it('a key in deltas of one character, each its own event', () => {
    const text = `say ${KEYS.anthropic} now`;
    const out = redactChunks(events(shape, [...text]), SSE);
    expect(out).toHaveLength(text.length);
    expect(assembled(shape, out)).toBe('say [redacted:api-key#1] now');
  });

  function secretOf(text: string, secret: string): string {
    return text.includes(secret) ? secret : secret.replaceAll('-', '\\u002d');
  }
});

describe('deltas', () => {
  const text = DELTAS['responses text']!;

  it('keeps texts apart that come in turns', () => {
    const call = (output_index: number) => (delta: string) => ({
      type: 'response.output_text.delta',
      output_index,
      delta,
    });
    const [first, second] = [KEYS.project, KEYS.github];
    const chunks = [...first].flatMap((char, i) => [...events(call(1), [char]), ...events(call(2), [second[i] ?? ''])]);
    const out = redactChunks(chunks, SSE);
    const ofCall = (n: number) =>
      assembled(
        call(n),
        out.filter((_, i) => i % 2 === n - 1),
      );
    expect([ofCall(1), ofCall(2)]).toEqual(['[redacted:api-key#1]', '[redacted:github-token#2]']);
  });

  it('gives what the assembled text gives, however it is cut into deltas and chunks', () => {
    const write = [
      (key: string) => key,
      (key: string) => JSON.stringify(JSON.stringify({ password: key, b: 1 })),
      (key: string) => `https://u:${key}@h/`,
      (key: string) => key.replaceAll('-', '\\u002d'),
    ];
    const secret = fc
      .tuple(fc.constantFrom<string>(...Object.values(KEYS), OPAQUE), fc.constantFrom(...write))
      .map(([key, how]) => ` ${how(key)} `);
    const filler = fc.constantFrom(
      'hello ',
      's',
      'sk-',
      '"',
      '\\',
      '\n',
      'é漢😀',
      'eyJ',
      'Bearer ',
      '://',
      'password": ',
      '%4',
      '-----BEGIN ',
    );
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    assertProperty(
      fc.property(
        fc.array(fc.oneof(secret, filler), { minLength: 1 }),
        sizes,
        sizes,
        (parts, deltaSizes, chunkSizes) => {
          const whole = parts.join('');
          const deltas = cutUp([...whole], deltaSizes).map((piece) => piece.join(''));
          const chunks = cutUp([...Buffer.concat(events(text, deltas))], chunkSizes).map((piece) =>
            Uint8Array.from(piece),
          );
          const out = redactChunks(chunks, SSE, knowing());
          expect(out).toHaveLength(chunks.length);
          const plain = redactBody(`.${whole}`, 'text/plain', knowing()).slice(1);
          expect(unnumbered(assembled(text, out))).toBe(unnumbered(plain));
        },
      ),
      { numRuns: 150 },
    );
  });

  /** Knows the credential that fits no pattern from the start: a stream cannot take back what came before it was seen. */
  function knowing() {
    const redactor = createRedactor();
    redactor.headers(['authorization', `Bearer ${OPAQUE}`]);
    return redactor;
  }

  /** Consecutive pieces of the given sizes, over and over. */
  function cutUp<T>(items: readonly T[], sizes: readonly number[]): T[][] {
    const pieces: T[][] = [];
    for (let at = 0; at < items.length; at += pieces.at(-1)!.length) {
      pieces.push(items.slice(at, at + sizes[pieces.length % sizes.length]!));
    }
    return pieces;
  }

  /** Kind and number come from where a value is seen first, and a stream sees a part before the whole. */
  function unnumbered(redacted: string): string {
    return redacted.replaceAll(/\[redacted:[a-z-]+#\d+\]/g, '[redacted]');
  }

  it('covers a private key of several KB', () => {
    const pieces = KEYS.pem.match(/[\s\S]{1,4}/g)!;
    const out = redactChunks(events(text, ['key:\n', ...pieces, '\ndone']), SSE);
    expect(assembled(text, out)).toBe('key:\n[redacted:private-key#1]\ndone');
  });

  it('removes the rest of a key that one delta seems to end', () => {
    const [head, tail] = [KEYS.project.slice(0, 20), KEYS.project.slice(20)];
    const redactor = createRedactor();
    expect(assembled(text, redactChunks(events(text, [head, tail, ' x']), SSE, redactor))).toBe(
      '[redacted:api-key#1] x',
    );
    expect(redactor.counts()).toEqual({ 'api-key': 1 });
  });

  it('reads deltas whose events are split anywhere', () => {
    const bytes = Buffer.concat(events(text, ['a sk-pr', KEYS.project.slice(5), ' b']));
    for (let at = 0; at <= bytes.length; at++) {
      const out = redactChunks([bytes.subarray(0, at), bytes.subarray(at)], SSE);
      expect(assembled(text, out)).toBe('a [redacted:api-key#1] b');
    }
  });

  it('reads JSON lines as it reads events', () => {
    const lines = ['a sk-pr', KEYS.project.slice(5)].map((delta) => toBytes(`${JSON.stringify(text(delta))}\n`));
    expect(join(redactChunks(lines, 'application/x-ndjson'))).toContain('a [redacted:api-key#1]');
  });
});

describe('holding back', () => {
  const text = DELTAS['responses text']!;

  it('gives every event out at once that cannot begin a secret', () => {
    const stream = createRedactor().stream(SSE);
    for (const chunk of events(text, ['Hello', ' world', ', it is', ' done.']))
      expect(stream.push(chunk)).toEqual([chunk]);
    expect(stream.end()).toEqual([]);
    expect(stream.count()).toBe(0);
  });

  it('holds an event back that may begin one, and gives it out when it does not', () => {
    const stream = createRedactor().stream(SSE);
    const [first, second, third] = events(text, ['a s', 'k', 'in']) as [Uint8Array, Uint8Array, Uint8Array];
    expect(stream.push(first)).toEqual([]);
    expect(stream.push(second)).toEqual([]);
    expect(stream.push(third)).toEqual([first, second, third]);
  });

  it.each([
    ['the item is done', { type: 'response.output_item.done', output_index: 0 }],
    ['the text is done', { type: 'response.output_text.done', output_index: 0, text: 'a s' }],
    ['the response is complete', { type: 'response.completed', response: {} }],
  ])('gives it out when %s', (_, end) => {
    const stream = createRedactor().stream(SSE);
    const [first] = events(text, ['a s']) as [Uint8Array];
    const last = toBytes(`data: ${JSON.stringify(end)}\n\n`);
    expect(stream.push(first)).toEqual([]);
    expect(stream.push(last)).toEqual([first, last]);
  });

  it.each([
    ['chat text', toBytes('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n')],
    ['chat text', toBytes('data: [DONE]\n\n')],
    ['messages text', toBytes('data: {"type":"content_block_stop","index":0}\n\n')],
    ['messages text', toBytes('data: {"type":"message_stop"}\n\n')],
  ])('%s', (name, last) => {
    const stream = createRedactor().stream(SSE);
    const [first] = events(DELTAS[name]!, ['a s']) as [Uint8Array];
    expect([stream.push(first), stream.push(last)]).toEqual([[], [first, last]]);
  });

  it.each([
    ['long deltas', 'A'.repeat(1024), 100, FINDER_LIMITS.open * 1.5],
    ['short deltas of long events', 'ABCD', 2000, STREAM_LIMITS.held + 2048],
  ])('is bounded, so that an endless secret does not hold the stream for ever: %s', (_, delta, count, limit) => {
    const shape = (part: string) => ({
      type: 'response.output_text.delta',
      pad: delta.length < 10 ? 'x'.repeat(1024) : '',
      delta: part,
    });
    const stream = createRedactor().stream(SSE);
    let waiting = 0;
    let most = 0;
    for (const chunk of events(shape, ['-----BEGIN PRIVATE KEY-----', ...Array.from({ length: count }, () => delta)])) {
      waiting += chunk.length;
      for (const out of stream.push(chunk)) waiting -= out.length;
      most = Math.max(most, waiting);
    }
    expect(most).toBeGreaterThan(FINDER_LIMITS.open);
    expect(most).toBeLessThan(limit);
  });

  it('gives a very long event out before it ends', () => {
    const stream = createRedactor().stream(SSE);
    const piece = toBytes('word '.repeat(20_000));
    stream.push(toBytes('data: {"text":"'));
    const out = Array.from({ length: 8 }, () => stream.push(piece)).flat();
    expect(out.length).toBeGreaterThan(4);
    const rest = [...stream.push(toBytes(`${KEYS.project}"}\n\n`)), ...stream.end()];
    expect(out.length + rest.length).toBe(10);
    expect(join(rest)).toContain('[redacted:api-key#1]"}');
  });

  it('counts what it replaced', () => {
    const redactor = createRedactor();
    const stream = redactor.stream(SSE);
    stream.push(toBytes(`data: {"a":"${KEYS.project} ${KEYS.plain}"}\n\n`));
    stream.end();
    expect(stream.count()).toBe(2);
    expect(redactor.counts()).toEqual({ 'api-key': 2 });
  });
});
