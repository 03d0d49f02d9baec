import { describe, expect, it } from 'vitest';
import { asObject, type JsonObject } from '../../../src/protocols/grammar.ts';
import { findDialect } from '../../../src/translate/dialects.ts';
import { joinDetails } from '../../../src/translate/responses-chat/details.ts';
import { translateResponse } from '../../../src/translate/responses-chat/response.ts';
import { translateStream } from '../../../src/translate/responses-chat/stream.ts';
import { writeUsage } from '../../../src/translate/responses-chat/usage.ts';
import { createLosses } from '../../../src/translate/shared/losses.ts';
import { openOpaque } from '../../../src/translate/shared/opaque.ts';
import { makeBackContext, placesOf } from '../../helpers/translate.ts';

const back = (dialect: string) => makeBackContext(findDialect(dialect, 'chat')!);

/** What a whole answer of that message amounts to. */
function read(message: JsonObject, dialect = 'chat', choice: JsonObject = {}) {
  const completion = { choices: [{ index: 0, message, finish_reason: 'stop', ...choice }] };
  const { body, losses } = translateResponse(completion, back(dialect));
  return { output: body.output as JsonObject[], lost: placesOf(losses) };
}

const text = (said: string, fields: JsonObject = {}) => ({
  type: 'message',
  content: [{ type: 'output_text', text: said, ...fields }],
});
const thoughts = (said: string) => ({ type: 'reasoning', summary: [{ type: 'summary_text', text: said }] });
const MESSAGE = '/choices/0/message';

describe('thoughts that a bound cut off', () => {
  const message = { content: null, reasoning: 'Hm', reasoning_details: [{ type: 'reasoning.encrypted', data: 'd' }] };

  it('are told without what could be sent back of them', () => {
    const { output, lost } = read(message, 'openrouter', { finish_reason: 'length' });
    expect(output).toMatchObject([thoughts('Hm')]);
    expect(output[0]).not.toHaveProperty('encrypted_content');
    expect(lost).toEqual([`field ${MESSAGE}/reasoning_details`]);
  });

  it('are whole where the answer goes on behind them', () => {
    const { output, lost } = read({ ...message, content: 'So' }, 'openrouter', { finish_reason: 'length' });
    expect(output).toMatchObject([thoughts('Hm'), text('So')]);
    expect(output[0]).toHaveProperty('encrypted_content');
    expect(lost).toEqual([]);
  });
});

describe('the calls of a whole message', () => {
  const told = (...calls: unknown[]) => {
    const { output, lost } = read({ content: null, tool_calls: calls });
    return {
      calls: output.map(({ name, arguments: text }) => `${name} ${text}`),
      lost,
      ids: output.map((item) => item.call_id),
    };
  };
  const call = (name: string, text: string, id?: string) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  });

  it('are as many as its entries, without ids and arguments', () => {
    expect(told(call('run', ''), call('stop', ''), call('stop', ''))).toMatchObject({
      calls: ['run {}', 'stop {}', 'stop {}'],
      lost: [],
    });
  });

  it('are told apart where they have one id or one index', () => {
    const { calls, lost, ids } = told(
      { ...call('run', '{}', 'a'), index: 0 },
      { ...call('stop', '{"a":1}', 'a'), index: 0 },
    );
    expect(calls).toEqual(['run {}', 'stop {"a":1}']);
    expect(lost).toEqual([]);
    expect(new Set(ids).size).toBe(2);
  });

  it('stand in a stream as well', () => {
    const stream = translateStream(back('chat'));
    const message = { role: 'assistant', content: null, tool_calls: [call('run', ''), call('stop', '')] };
    const chunk = { choices: [{ index: 0, message, finish_reason: 'tool_calls' }] };
    const { events } = stream.push({ name: undefined, data: JSON.stringify(chunk) });
    const last = [...events, ...stream.end('done').events].at(-1)!;
    const { output } = asObject(asObject(JSON.parse(last.data))?.response) as { output: JsonObject[] };
    expect(output.map(({ name }) => name)).toEqual(['run', 'stop']);
  });

  it('are none where an entry is none', () => {
    expect(told(7, call('run', '{}'))).toMatchObject({ calls: ['run {}'], lost: [`value ${MESSAGE}/tool_calls`] });
  });
});

describe('a message', () => {
  const CASES: [name: string, message: JsonObject, output: unknown[], lost: string[]][] = [
    [
      'says nothing',
      { content: null, refusal: null, tool_calls: null, function_call: null, annotations: null },
      [],
      [],
    ],
    ['refuses without a word', { refusal: '' }, [], []],
    ['refuses in no words', { refusal: 7 }, [], []],
    ['has annotations that are none', { annotations: ['x', {}] }, [], [`part ${MESSAGE}/annotations`]],
    [
      'cites a page with nothing but its address',
      { content: 'a', annotations: [{ type: 'url_citation', url_citation: { url: 'https://x.test' } }] },
      [
        text('a', {
          annotations: [{ type: 'url_citation', url: 'https://x.test', title: '', start_index: 0, end_index: 0 }],
        }),
      ],
      [],
    ],
    [
      'cites a page from a place to another',
      {
        content: 'ab',
        annotations: [{ url_citation: { url: 'https://x.test', title: 't', start_index: 1, end_index: 2 } }],
      },
      [
        text('ab', {
          annotations: [{ type: 'url_citation', url: 'https://x.test', title: 't', start_index: 1, end_index: 2 }],
        }),
      ],
      [],
    ],
    ['has calls that are none', { tool_calls: [7] }, [], ['value /choices/0/message/tool_calls']],
    [
      'has details that the dialect does not take back',
      { reasoning_details: [{ type: 'x' }] },
      [],
      [`field ${MESSAGE}/reasoning_details`],
    ],
    ['thinks in two fields that agree', { reasoning: 'Hm.', reasoning_content: 'Hm.' }, [thoughts('Hm.')], []],
    ['thinks in the one field', { reasoning_content: 'Hm.', reasoning: null }, [thoughts('Hm.')], []],
    ['thinks in the other field', { reasoning_content: '', reasoning: 'Hm.' }, [thoughts('Hm.')], []],
    [
      'thinks in two fields that do not agree',
      { reasoning: 'Ah.', reasoning_content: 'Hm.' },
      [thoughts('Hm.')],
      [`field ${MESSAGE}`],
    ],
    [
      'thinks in one field, and in no words in the other',
      { reasoning: 7, reasoning_content: 'Hm.' },
      [thoughts('Hm.')],
      [`field ${MESSAGE}`],
    ],
    [
      'is told in parts',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }, { type: 'reference' }, 7] },
          { type: 'text', text: 'So.' },
        ],
      },
      [thoughts('Hm.'), text('So.')],
      [],
    ],
    ['thinks without a word', { content: [{ type: 'thinking', thinking: [{ type: 'reference' }] }] }, [], []],
    [
      'has parts that are no text',
      {
        content: [
          { type: 'image', text: 'x' },
          { type: 'text', text: 7 },
        ],
      },
      [],
      [`part ${MESSAGE}/content`, `part ${MESSAGE}/content`],
    ],
  ];
  it.each(CASES)('%s', (_name, message, output, lost) => {
    const answer = read(message);
    expect(answer.output).toHaveLength(output.length);
    expect(answer.output).toMatchObject(output);
    expect(answer.lost).toEqual(lost);
  });

  it('of a dialect whose thoughts stand in `reasoning` has them from there', () => {
    const answer = read({ reasoning: 'Ah.', reasoning_content: 'Hm.' }, 'vllm');
    expect(answer).toMatchObject({ output: [thoughts('Ah.')], lost: [`field ${MESSAGE}`] });
  });

  it('has tokens where they are tokens', () => {
    const token = { token: 'a', logprob: -1, top_logprobs: [7, { token: 'b', logprob: -2 }] };
    const content = [7, { token: 1, logprob: 0 }, { token: 'a', logprob: 'x' }, token, { token: 'b', logprob: -3 }];
    const answer = read({ content: 'ab' }, 'chat', { logprobs: { content, refusal: [token] } });
    const logprobs = [
      { token: 'a', logprob: -1, bytes: [], top_logprobs: [{ token: 'b', logprob: -2, bytes: [] }] },
      { token: 'b', logprob: -3, bytes: [], top_logprobs: [] },
    ];
    expect(answer.output).toMatchObject([text('ab', { logprobs })]);
    expect(answer.lost).toEqual(['field /choices/0/logprobs/refusal']);
  });

  it('has no details where there are none', () => {
    expect(read({ reasoning_details: [] }, 'openrouter')).toEqual({ output: [], lost: [] });
  });
});

describe('a whole answer', () => {
  const CASES: [name: string, completion: JsonObject, status: string, lost: string[]][] = [
    ['without a message', { choices: [{ finish_reason: 'stop' }] }, 'failed', []],
    [
      'with two choices',
      { choices: [{ message: { content: 'a' }, finish_reason: 'stop' }, { message: { content: 'b' } }] },
      'completed',
      ['part /choices/1'],
    ],
    [
      'with fields that nobody knows',
      { mood: 'good', choices: [{ weather: 'fine', message: { smell: 'sweet' }, finish_reason: 'stop' }] },
      'completed',
      ['field /mood', 'field /choices/0/weather', `field ${MESSAGE}/smell`],
    ],
  ];
  it.each(CASES)('%s', (_name, completion, status, lost) => {
    const { body, losses } = translateResponse(completion, back('chat'));
    expect(body.status).toBe(status);
    expect(placesOf(losses)).toEqual(lost);
  });
});

/** The events of a stream of such chunks, and where something is lost; text stands for itself. */
function stream(chunks: readonly (JsonObject | string)[], dialect = 'chat') {
  const translator = translateStream(back(dialect));
  const steps = chunks.map((chunk) => {
    const data = typeof chunk === 'string' ? chunk : JSON.stringify(chunk);
    return translator.push({ name: undefined, data });
  });
  steps.push(translator.end('done'));
  const events = steps.flatMap((step) => step.events).map(({ data }) => JSON.parse(data) as JsonObject);
  const response = asObject(events.at(-1)?.response)!;
  return { steps, events, response, lost: placesOf(steps.flatMap(({ losses }) => losses)) };
}

const delta = (fields: JsonObject, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: fields, finish_reason }],
});

describe('a stream', () => {
  const CASES: [name: string, chunks: (JsonObject | string)[], status: string, lost: string[]][] = [
    [
      'ends without a reason behind thoughts',
      [delta({ reasoning: 'Hm.' }), '[DONE]'],
      'completed',
      ['value /choices/0/finish_reason'],
    ],
    [
      'ends in a choice without a delta',
      [delta({ content: 'a' }), { choices: [{ index: 0, finish_reason: 'stop' }] }],
      'completed',
      [],
    ],
    [
      'has fields of a choice that nobody knows',
      [{ choices: [{ index: 0, delta: {}, mood: 'good', finish_reason: 'stop' }] }],
      'completed',
      ['field /choices/0/mood'],
    ],
    ['has a broken chunk behind a blank', [delta({ content: 'a' }), ' {"choices":', '[DONE]'], 'failed', ['event ']],
    [
      'has a chunk without choices and without an error',
      [delta({ content: 'a' }, 'stop'), { usage: { prompt_tokens: 1 } }, { error: null }],
      'completed',
      [],
    ],
  ];
  it.each(CASES)('%s', (_name, chunks, status, lost) => {
    const answer = stream(chunks);
    expect(answer.response.status).toBe(status);
    expect(answer.lost).toEqual(lost);
  });

  it('keeps the usage that came before a null', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2 };
    const { response } = stream([
      delta({ content: 'a' }, 'stop'),
      { choices: [], usage },
      { choices: [], usage: null },
    ]);
    expect(response.usage).toMatchObject({ input_tokens: 1, output_tokens: 2 });
  });

  it('is read under the name of an error as well, as long as it says no error', () => {
    const translator = translateStream(back('chat'));
    const step = translator.push({ name: 'error', data: JSON.stringify(delta({ content: 'a' })) });
    expect(step.events.at(-1)?.name).toBe('response.output_text.delta');
  });

  it('tells nothing more once it has failed', () => {
    const nameless = delta({ tool_calls: [{ index: 0, id: 'a' }] }, 'stop');
    const { steps, response } = stream([nameless, { error: { message: 'It broke.' } }]);
    expect(response.status).toBe('failed');
    expect(steps.at(-1)).toEqual({ events: [], losses: [] });
  });

  it('tells tokens of the text behind thoughts', () => {
    const token = { token: 'b', logprob: -1, bytes: [], top_logprobs: [] };
    const spoken = { choices: [{ index: 0, delta: { content: 'b' }, logprobs: { content: [token] } }] };
    const { response, lost } = stream(
      [delta({ content: '<think>Hm.</think>a' }), spoken, delta({}, 'stop')],
      'think-tags',
    );
    expect(response.output).toMatchObject([thoughts('Hm.'), text('ab', { logprobs: [token] })]);
    expect(lost).toEqual([]);
  });

  it('has details of every run of thoughts apart', () => {
    const { response } = stream(
      [
        delta({ reasoning_details: [{ index: 0, type: 'reasoning.text', text: 'a' }] }),
        delta({ content: 'So.' }),
        delta({ reasoning_details: [{ index: 0, type: 'reasoning.text', text: 'b' }] }, 'stop'),
      ],
      'openrouter',
    );
    const sealed = (response.output as JsonObject[]).map((item) => openOpaque(String(item.encrypted_content))?.blocks);
    expect(sealed).toEqual([
      [{ index: 0, type: 'reasoning.text', text: 'a' }],
      undefined,
      [{ index: 0, type: 'reasoning.text', text: 'b' }],
    ]);
  });
});

describe('details', () => {
  const CASES: [name: string, deltas: unknown[], joined: JsonObject[]][] = [
    [
      'grow by what has the same index and type',
      [
        { index: 0, type: 't', text: 'a' },
        { index: 0, type: 't', text: 'b' },
      ],
      [{ index: 0, type: 't', text: 'ab' }],
    ],
    [
      'of another index are others',
      [
        { index: 0, type: 't', text: 'a' },
        { index: 1, type: 't', text: 'b' },
      ],
      [
        { index: 0, type: 't', text: 'a' },
        { index: 1, type: 't', text: 'b' },
      ],
    ],
    [
      'of another type are others',
      [
        { index: 0, type: 't', text: 'a' },
        { index: 0, type: 's', text: 'b' },
      ],
      [
        { index: 0, type: 't', text: 'a' },
        { index: 0, type: 's', text: 'b' },
      ],
    ],
    [
      'without an index are others',
      [
        { type: 't', text: 'a' },
        { type: 't', text: 'b' },
      ],
      [
        { type: 't', text: 'a' },
        { type: 't', text: 'b' },
      ],
    ],
    [
      'are not taken back by null',
      [
        { index: 0, type: 't', signature: 's' },
        { index: 0, type: 't', signature: null },
      ],
      [{ index: 0, type: 't', signature: 's' }],
    ],
    ['that are no objects are none', [7, { type: 't' }], [{ type: 't' }]],
    [
      'are replaced by what is no text',
      [
        { index: 0, type: 't', data: 'a' },
        { index: 0, type: 't', data: 7 },
      ],
      [{ index: 0, type: 't', data: 7 }],
    ],
  ];
  it.each(CASES)('%s', (_name, deltas, joined) => {
    const details: JsonObject[] = [];
    for (const value of deltas) joinDetails(details, [value]);
    expect(details).toEqual(joined);
  });
});

describe('usage', () => {
  const counts = (input: number, output: number, total = input + output) => ({
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: total,
  });
  const CASES: [usage: unknown, written: JsonObject | undefined, lost: string[]][] = [
    [{ prompt_tokens: 2 }, counts(2, 0), []],
    [{ completion_tokens: 3 }, counts(0, 3), []],
    [{ prompt_tokens: 0, completion_tokens: 0 }, counts(0, 0), []],
    [{ total_tokens: 5 }, undefined, []],
    [{ prompt_tokens: '2', completion_tokens: 1.5 }, undefined, []],
    [{ prompt_tokens: -2, completion_tokens: 3 }, counts(0, 3), []],
    [null, undefined, []],
    [
      { prompt_tokens: 2, prompt_tokens_details: { cache_write_tokens: 1 } },
      { ...counts(2, 0), input_tokens_details: { cached_tokens: 0, cache_write_tokens: 1 } },
      [],
    ],
    [
      {
        prompt_tokens: 2,
        cost: 1,
        tax: 0,
        tip: null,
        prompt_tokens_details: { audio_tokens: 1 },
        completion_tokens_details: { audio_tokens: 1 },
      },
      counts(2, 0),
      [
        'field /usage/cost',
        'field /usage/prompt_tokens_details/audio_tokens',
        'field /usage/completion_tokens_details/audio_tokens',
      ],
    ],
  ];
  it.each(CASES)('%j', (usage, written, lost) => {
    const losses = createLosses('h');
    expect(writeUsage(usage, losses)).toEqual(written);
    expect(placesOf(losses.list)).toEqual(lost);
  });
});
