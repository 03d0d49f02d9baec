import { describe, expect, it } from 'vitest';
import { changed, counting, ending } from '../../../../src/conformance/checks/translate/say.ts';
import { MANNERS } from '../../../../src/conformance/checks/translate/streams.ts';
import { readDocument, readStream } from '../../../../src/conformance/harness/said.ts';
import { answerItems } from '../../../../src/conformance/provider/default-answer.ts';
import { writeEvent } from '../../../../src/conformance/provider/events.ts';
import { createMint } from '../../../../src/conformance/provider/mint.ts';
import type { ScriptedTurn } from '../../../../src/conformance/provider/responses.ts';
import type { Answer, ReceivedRequest } from '../../../../src/conformance/script.ts';
import { parseSse } from '../../../../src/decode/sse.ts';
import { toUtf8 } from '../../../../src/util/bytes.ts';
import type { Protocol } from '../../../../src/util/types.ts';
import { validateStream } from '../../../../src/validate/document.ts';

const PROTOCOLS = ['responses', 'chat', 'messages'] as const;
const CALL = { type: 'function_call', name: 'get_weather', arguments: { city: 'Åre "x"\n' } } as const;

function answerOf(protocol: Protocol, stream: boolean, turn: ScriptedTurn): Answer {
  const json = { stream, stream_options: { include_usage: true }, tools: [] };
  return answerItems(turn)({ protocol, json } as unknown as ReceivedRequest, { mint: createMint('a'), model: 'm' });
}

function bytesOf(answer: Answer): Uint8Array {
  return toUtf8(answer.kind === 'events' ? answer.events.map(writeEvent).join('') : '');
}

function read(protocol: Protocol, answer: Answer) {
  return answer.kind === 'body'
    ? readDocument(protocol, answer.body)
    : readStream(protocol, parseSse(bytesOf(answer)).events);
}

const problemsOf = (protocol: Protocol, answer: Answer) =>
  validateStream(protocol, bytesOf(answer), 'complete', ['tolerant']).filter(({ severity }) => severity === 'error');

describe.each(PROTOCOLS)('a provider of %s', (protocol) => {
  const turn = { items: [{ type: 'message', text: 'Half of it' }] } as const;

  it.each([
    ['length', true],
    ['length', false],
    ['filter', true],
    ['filter', false],
  ] as const)('ends its answer as %s (stream: %s)', (how, stream) => {
    const answer = changed(answerOf(protocol, stream, turn), ending(how)[protocol]);
    expect(read(protocol, answer)).toMatchObject({ ending: how, text: 'Half of it' });
    if (stream) expect(problemsOf(protocol, answer)).toEqual([]);
  });

  it.each([true, false])('counts its tokens in its own words (stream: %s)', (stream) => {
    const counted = { input: 1000, cached: 600, output: 100, reasoning: 40 };
    const { usage } = read(protocol, changed(answerOf(protocol, stream, turn), counting(counted)[protocol]));
    const input = protocol === 'messages' ? 400 : 1000;
    expect(usage).toMatchObject({ input, cached: 600, output: 100 });
  });

  it.each(MANNERS.filter(({ upstream }) => upstream === protocol).map((manner) => [manner.name, manner] as const))(
    'says the same with %s',
    (_name, { rewrite }) => {
      const items = [{ type: 'message', text: 'I look it up.' }, CALL] as const;
      const answer = answerOf(protocol, true, { items, usage: { input: 1234, output: 56 } });
      if (answer.kind !== 'events') throw new Error('no stream');
      const events = rewrite(answer.events);
      expect(events.map(writeEvent)).not.toEqual(answer.events.map(writeEvent));
      const said = read(protocol, { ...answer, events });
      expect(said).toMatchObject({ text: 'I look it up.', ending: 'calls', usage: { input: 1234, output: 56 } });
      expect(said.toolCalls.map(({ name, arguments: text }) => [name, JSON.parse(text)])).toEqual([
        [CALL.name, CALL.arguments],
      ]);
    },
  );
});

it('leaves an answer that is a text as it is', () => {
  const answer: Answer = { kind: 'body', status: 200, body: 'text' };
  expect(changed(answer, () => expect.unreachable())).toBe(answer);
});
