import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/main.ts';
import { guessKind, translateDocument } from '../../src/proxy/translated/document.ts';
import { temporaryFolder } from '../cassette/support/scripted.ts';
import { captureIo } from '../helpers/capture-io.ts';

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(temporaryFolder(), name);
  await writeFile(path, text);
  return path;
}

const REQUEST = JSON.stringify({
  model: 'm',
  input: 'hi',
  truncation: 'auto',
  stream: true,
  tools: [{ type: 'custom', name: 'apply_patch', description: 'Patches' }],
});

const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

const STREAM = [
  chunk({ role: 'assistant', content: null }),
  chunk({
    tool_calls: [
      { index: 0, id: 'call_1', type: 'function', function: { name: 'apply_patch', arguments: '{"input":"*** Begin' } },
    ],
  }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: ' Patch\\n"}' } }] }),
  chunk({}, 'tool_calls'),
  'data: [DONE]\n\n',
].join('');

describe('tapedeck translate', () => {
  it('writes the document on stdout and what was lost on stderr', async () => {
    const io = captureIo();
    const file = await fileOf('request.json', REQUEST);
    expect(await run(['translate', '--from', 'responses', '--to', 'chat', file], io)).toBe(0);
    expect(JSON.parse(io.out())).toMatchObject({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
    expect(io.err()).toMatch(/^lost parameter \/truncation \(responses->chat, semantic\): /m);
  });

  it('writes both as JSON', async () => {
    const io = captureIo();
    const file = await fileOf('request.json', REQUEST);
    expect(await run(['translate', '--from', 'responses', '--to', 'messages', file, '--json'], io)).toBe(0);
    const { event, kind, text, losses } = JSON.parse(io.out());
    expect(event).toBe('translated');
    expect(kind).toBe('request');
    expect(JSON.parse(text).messages).toHaveLength(1);
    expect(losses).toContainEqual(expect.objectContaining({ path: '/truncation', weight: 'semantic' }));
    expect(io.err()).toBe('');
  });

  it("knows a stream, and the request's tools when that is named", async () => {
    const io = captureIo();
    const [request, stream] = [await fileOf('request.json', REQUEST), await fileOf('answer.sse', STREAM)];
    const argv = ['translate', '--from', 'chat', '--to', 'responses', stream, '--request', request];
    expect(await run(argv, io)).toBe(0);
    expect(io.out()).toContain('"type":"custom_tool_call"');
    expect(io.out()).toContain('*** Begin Patch\\n');
    expect(io.out()).toContain('event: response.completed');
  });

  it('reads stdin', async () => {
    const io = captureIo({ stdin: REQUEST });
    expect(await run(['translate', '--from', 'responses', '--to', 'chat', '-'], io)).toBe(0);
    expect(JSON.parse(io.out()).model).toBe('m');
  });

  it.each([
    ['a file that is not there', ['--from', 'chat', '--to', 'responses', 'nothing.json'], /cannot be read/],
    [
      'a text that is no JSON',
      ['--from', 'chat', '--to', 'responses', '-'],
      /The document is no JSON: .* \(line 1, column 1\)/,
    ],
    [
      'a dialect that does not exist',
      ['--from', 'chat', '--to', 'messages', '--kind', 'request', '--dialect', 'x', '-'],
      /dialect/,
    ],
    ['a protocol that does not exist', ['--from', 'soap', '--to', 'chat', '-'], /is none of responses, chat, messages/],
  ])('ends with 2 for %s', async (_, argv, message) => {
    const io = captureIo({ stdin: 'not json' });
    expect(await run(['translate', ...argv], io)).toBe(2);
    expect(io.err()).toMatch(message);
  });
});

describe('translateDocument', () => {
  const told = (text: string, options: Parameters<typeof translateDocument>[1]): unknown => {
    try {
      return translateDocument(text, options);
    } catch (error) {
      return error;
    }
  };

  it.each([
    ['[1]', { from: 'chat', to: 'responses' }, /is JSON, but no object/],
    ['{"a":\n 1,}', { from: 'chat', to: 'responses' }, /no JSON: .*\(line 2, column \d\)/],
    ['{"a":1}', { from: 'chat', to: 'responses' }, /cannot be seen what the document is/],
    [REQUEST, { from: 'chat', to: 'responses' }, /has `input`: .* --from responses/],
    ['{"messages":[]}', { from: 'responses', to: 'chat' }, /has `messages`: .* --from chat or --from messages/],
    ['{"choices":[]}', { from: 'messages', to: 'responses' }, /has `choices`: it is no response of messages/],
    [STREAM, { from: 'messages', to: 'responses' }, /one for --from chat/],
    ['{"choices":[]}', { from: 'chat', to: 'responses', kind: 'stream' }, /no event stream/],
    [STREAM, { from: 'chat', to: 'responses', request: '{"messages":[]}' }, /has `messages`/],
  ] as const)('says of %j what is wrong', (text, options, message) => {
    expect(told(text, options)).toMatchObject({ code: 'input-invalid', message: expect.stringMatching(message) });
  });

  it('takes what has the marks of both for what it is said to be', () => {
    const both = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], input: 'hi' });
    expect(translateDocument(both, { from: 'chat', to: 'responses' }).kind).toBe('request');
    expect(translateDocument('{"error":{"message":"no"}}', { from: 'chat', to: 'responses' }).kind).toBe('response');
  });

  it.each([
    ['data: {}\n\n', 'stream'],
    ['event: x\ndata: {}\n\n', 'stream'],
    [': ping\n\n', 'stream'],
    ['{"messages":[]}', 'request'],
    ['{"input":[]}', 'request'],
    ['{"output":[]}', 'response'],
    ['{"choices":[]}', 'response'],
    ['', 'response'],
  ])('takes %j for a %s', (text, kind) => expect(guessKind(text)).toBe(kind));

  it('gives the same bytes every time, and leaves a document of the same protocol as it is', () => {
    const options = { from: 'chat', to: 'responses' } as const;
    expect(translateDocument(STREAM, options)).toEqual(translateDocument(STREAM, options));
    expect(translateDocument(STREAM, { from: 'chat', to: 'chat' })).toEqual({
      kind: 'stream',
      text: STREAM,
      losses: [],
    });
  });

  it('never completes a stream that was cut off', () => {
    const cut = translateDocument(STREAM.slice(0, -40), { from: 'chat', to: 'responses' });
    expect(cut.text).not.toContain('response.completed');
    expect(cut.text).toContain('response.failed');
  });

  it('composes Chat and Messages in both directions', () => {
    const request = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], top_p: 0.5 });
    const there = translateDocument(request, { from: 'chat', to: 'messages' });
    expect(JSON.parse(there.text).messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'hi' }] }]);
    const answer = translateDocument(STREAM, { from: 'chat', to: 'messages' });
    expect(answer.text).toContain('event: message_stop');
  });
});
