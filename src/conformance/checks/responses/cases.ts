import { validateDocument } from '../../../validate/document.ts';
import type { Check } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import { readError } from '../shared/errors.ts';
import { expectValid } from '../shared/valid.ts';
import { startOf, startOfJson } from '../shared/words.ts';
import { readToldModel } from '../translate/read-request.ts';
import { lastOutput } from './answers.ts';

type Json = Record<string, unknown>;

const DOWN = { where: 'answer' } as const;
const UP = { where: 'upstream request' } as const;
const SUITE = 'Open Responses suite';
const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const message = (role: string, content: unknown, more: Json = {}) => ({ type: 'message', role, content, ...more });

/** The requests of that suite, as far as one request is enough; the last message is put behind them. */
const CASES: readonly { name: string; what: string; before: readonly Json[]; level?: Check['level'] }[] = [
  { name: 'basic-response', what: 'a question', before: [] },
  { name: 'system-prompt', what: 'a question after a system message', before: [message('system', 'Be short.')] },
  {
    name: 'multi-turn',
    what: 'a question after an answer',
    before: [
      message('user', 'My name is Alice.'),
      message('assistant', 'Hello Alice.'),
      message('user', 'What is my name?'),
    ],
  },
  {
    name: 'assistant-phase',
    what: 'a question after messages with phases',
    before: [
      message('user', 'Look it up.'),
      message('assistant', [{ type: 'output_text', text: 'I look.' }], { phase: 'commentary' }),
      message('assistant', [{ type: 'output_text', text: 'It is 4.' }], { phase: 'final_answer' }),
    ],
  },
  {
    name: 'image-input',
    what: 'a question about an image',
    before: [
      message('user', [
        { type: 'input_text', text: 'See.' },
        { type: 'input_image', image_url: PNG },
      ]),
    ],
  },
  {
    name: 'file-input',
    what: 'a question about a file',
    level: 'should',
    before: [
      message('user', [
        { type: 'input_text', text: 'Read.' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0xLjQK' },
      ]),
    ],
  },
  {
    name: 'function-call-roundtrip',
    what: 'the output of a call',
    before: [
      message('user', 'What is the weather?'),
      { type: 'function_call', call_id: 'call_made_up', name: 'get_weather', arguments: '{"city":"Rome"}' },
      { type: 'function_call_output', call_id: 'call_made_up', output: '{"temperature":21}' },
    ],
  },
];

/** Errors of a provider, whole. */
const ERRORS: readonly { name: string; status: number; error: Json }[] = [
  {
    name: 'model-not-found',
    status: 404,
    error: { type: 'invalid_request_error', code: 'model_not_found', param: 'model' },
  },
  {
    name: 'context-length',
    status: 400,
    error: { type: 'invalid_request_error', code: 'context_length_exceeded', param: 'input' },
  },
  {
    name: 'invalid-value',
    status: 400,
    error: { type: 'invalid_request_error', code: 'invalid_value', param: 'input[0].content[0].type' },
  },
  {
    name: 'unsupported-parameter',
    status: 400,
    error: { type: 'invalid_request_error', code: 'unsupported_parameter', param: 'temperature' },
  },
  { name: 'rate-limit', status: 429, error: { type: 'tokens', code: 'rate_limit_exceeded', param: null } },
  { name: 'quota', status: 429, error: { type: 'insufficient_quota', code: 'insufficient_quota', param: null } },
  {
    name: 'usage-limit',
    status: 429,
    error: { type: 'usage_limit_reached', code: null, param: null, resets_in_seconds: 60 },
  },
  {
    name: 'policy',
    status: 400,
    error: { type: 'invalid_request_error', code: 'content_policy_violation', param: null },
  },
  { name: 'server-error', status: 500, error: { type: 'server_error', code: 'server_error', param: null } },
  { name: 'overloaded', status: 503, error: { type: 'server_error', code: 'server_is_overloaded', param: null } },
];

/** @param optional a clean refusal is as good */
async function expectWhole(t: Trial, body: Json, optional: boolean): Promise<void> {
  const reply = await t.call({ body });
  if (optional && reply.status >= 400 && reply.status < 500)
    return t.stop('unsupported', `it is refused with ${reply.status}: ${startOf(await reply.text(), 200)}`);
  const said = await t.read(reply);
  expectValid(t, validateDocument('responses.response', await reply.text(), ['tolerant']));
  t.expect(lastOutput(said).length > 0, 'the answer has no output', DOWN);
  t.expectSame(((said.events[0] ?? {}) as Json).status, 'completed', 'the answer is not complete', DOWN);
}

const COMMON = { revision: 1, profiles: ['open-responses'], clients: ['responses'] } as const;

/** What the suite of Open Responses asks beyond the other checks, and the errors that it does not ask for. */
export const CASE_CHECKS: readonly Check[] = [
  ...CASES.map(
    ({ name, what, before, level = 'must' }): Check => ({
      ...COMMON,
      level,
      revision: 2,
      id: `responses.case.${name}`,
      requirement: `A request without a stream for ${what} is answered with a complete response that fits its schema.`,
      source: `${SUITE}, ${name}`,
      needs: 'model',
      async run(t) {
        const body = t.prompt({ stream: false });
        await expectWhole(t, { ...body, input: [...before, ...(body.input as Json[])] }, level !== 'must');
      },
    }),
  ),
  {
    ...COMMON,
    level: 'should',
    id: 'responses.previous.order',
    requirement:
      'With previous_response_id the model is told the input before, its answer and the new input, in this order.',
    source: 'Open Responses specification, previous_response_id: MUST',
    needs: 'upstream',
    async run(t) {
      t.upstream.answer(answerItems({ items: [{ type: 'message', text: 'It is rhubarb.' }] }));
      const first = await t.ask({ text: 'The word is tamarind.', more: { store: true } });
      const more = { previous_response_id: first.id, store: true };
      const reply = await t.call({ body: t.prompt({ text: 'Which word was it?', more }) });
      await reply.bytes();
      if (reply.status >= 400 && reply.status < 500)
        return t.stop('unsupported', `previous_response_id is refused with ${reply.status}`);
      const { request } = t.upstream.calls.at(-1)!;
      // The provider may be the one that keeps the conversation.
      if (request.json?.previous_response_id !== undefined) return;
      const { turns } = readToldModel(request.protocol ?? 'responses', request.json ?? {});
      const said = turns.flatMap((turn) => (turn.kind === 'text' ? [`${turn.role}: ${turn.text}`] : []));
      const at = [/^user: .*tamarind/, /^assistant: .*rhubarb/, /^user: .*Which word/].map((due) =>
        said.findIndex((one) => due.test(one)),
      );
      const ordered = at.every((one, i) => one >= 0 && (i === 0 || one > at[i - 1]!));
      t.expect(ordered, `the model is told ${startOfJson(said, 300)}`, UP);
    },
  },
  {
    ...COMMON,
    level: 'must',
    profiles: ['codex', 'open-responses'],
    id: 'responses.structured.text',
    requirement: 'JSON that was asked for by a schema arrives as the text that the model wrote.',
    source: '`codex exec --output-schema`; measured: JSON written anew, or put into a block of Markdown',
    needs: 'upstream',
    async run(t) {
      const text = '{ "answer" : "naïve 你好 \\u00e9",\n  "n" : 1.0 }';
      const schema = { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] };
      const format = { type: 'json_schema', name: 'made_up', strict: false, schema };
      t.upstream.answer(answerItems({ items: [{ type: 'message', text }] }));
      const said = await t.ask({ more: { text: { format } } });
      t.expectSame(said.text, text, 'the text is another one', DOWN);
    },
  },
  {
    ...COMMON,
    level: 'should',
    id: 'responses.structured.json-object',
    requirement: 'A request for any JSON object reaches a provider that has such a form of answer.',
    source: 'OpenAI API reference, text.format and response_format',
    needs: 'upstream',
    upstreams: ['responses', 'chat'],
    async run(t) {
      await t.ask({ text: 'Answer in JSON.', more: { text: { format: { type: 'json_object' } } } });
      const sent = t.sentUp();
      const format = (sent.response_format ?? (sent.text as Json | undefined)?.format) as Json | undefined;
      t.expectSame(format?.type, 'json_object', 'the form of the answer is lost', UP);
    },
  },
  ...ERRORS.map(
    ({ name, status, error }): Check => ({
      ...COMMON,
      level: 'should',
      profiles: ['codex', 'open-responses'],
      id: `responses.error.${name}`,
      requirement: `An error of a provider of Responses (${status} ${error.code ?? error.type}) keeps its status, code, type, parameter and message.`,
      source:
        'OpenAI API reference, errors; Open Responses specification, table of errors; Codex 0.169.0 acts on the code',
      needs: 'upstream',
      pair: 'same',
      alone: 'provokes',
      async run(t) {
        const due: Json = { message: 'made-up failure of the provider', ...error };
        t.upstream.answer(() => ({ kind: 'body', status, body: { error: due } }));
        const reply = await t.call({ body: t.prompt() });
        const body = (await reply.json()) as { error?: Json } | undefined;
        t.expectSame(reply.status, status, 'the status is another one', DOWN);
        const told = readError('responses', body);
        t.expect(told?.message.includes(String(due.message)) ?? false, `the message is ${told?.message}`, DOWN);
        for (const field of ['type', 'code', 'param', 'resets_in_seconds'].filter((one) => (due[one] ?? null) !== null))
          t.expectSame(body?.error?.[field], due[field], `\`${field}\` is another one`, {
            ...DOWN,
            pointer: `/error/${field}`,
          });
      },
    }),
  ),
];
