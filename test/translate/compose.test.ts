import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/protocols/grammar.ts';
import { composeHops } from '../../src/translate/compose.ts';
import { findDialect } from '../../src/translate/dialects.ts';
import { eventText } from '../../src/translate/event-text.ts';
import { findHop, HOPS } from '../../src/translate/hops.ts';
import type { BackContext, Hop, Plan, RequestTranslation, TranslateContext } from '../../src/translate/types.ts';
import type { Loss, Protocol } from '../../src/util/types.ts';
import { makeContext } from '../helpers/translate.ts';

const loss = (path: string): Loss => ({ hop: 'made-up', path, kind: 'field', reason: 'made up' });

/** A hop that writes down where it has been, and with which dialect; `refused` requests are refused. */
function makeHop(name: string, client: Protocol, upstream: Protocol, status?: number): Hop {
  const plan = (request: JsonObject): Plan => ({
    request,
    model: name,
    tools: new Map(),
    callIds: new Map(),
    stream: false,
  });
  const mark = (body: JsonObject, { dialect }: TranslateContext) => ({
    ...body,
    by: [...((body.by as string[] | undefined) ?? []), `${name} for ${dialect.name}`],
  });
  const told = ({ plan: { model } }: BackContext) => loss(`/${name}/${model}`);
  return {
    client,
    upstream,
    request: (body, context) =>
      body.refused === name
        ? { problem: { status: 400, code: 'refused', message: name } }
        : { body: mark(body, context), losses: [loss(`/${name}`)], plan: plan(body) },
    response: (body, context) => ({
      body: mark(body, context),
      losses: [told(context)],
      ...(status !== undefined && { status }),
    }),
    stream: (context) => ({
      push: ({ data }) => ({
        events: ['1', '2'].map((part) => ({ name, data: `${data} ${name}${part} for ${context.dialect.name}` })),
        losses: [told(context)],
      }),
      end: (how) => ({ events: [{ name, data: `end of ${name}: ${how}` }], losses: [loss(`/${name}/end`)] }),
    }),
  };
}

const CONTEXT = makeContext(findDialect('mistral', 'chat')!);
const first = makeHop('first', 'messages', 'responses');
const second = makeHop('second', 'responses', 'chat');

function ask(hop: Hop, body: JsonObject): RequestTranslation {
  const result = hop.request(body, CONTEXT);
  if ('problem' in result) throw new Error(result.problem.message);
  return result;
}

describe('two hops as one', () => {
  const hop = composeHops(first, second);

  it('have the client of the first and the upstream of the second', () => {
    expect(hop).toMatchObject({ client: 'messages', upstream: 'chat' });
  });

  it('carry a request through both, the first one to the documented Responses', () => {
    expect(ask(hop, { a: 1 })).toMatchObject({
      body: { a: 1, by: ['first for responses', 'second for mistral'] },
      losses: [{ path: '/first' }, { path: '/second' }],
      plan: { model: 'first', inner: { model: 'second' } },
    });
  });

  it.each(['first', 'second'])('refuse what the %s refuses', (refused) => {
    expect(hop.request({ refused }, CONTEXT)).toEqual({ problem: { status: 400, code: 'refused', message: refused } });
  });

  it('carry an answer back, each with its own plan', () => {
    const { plan } = ask(hop, {});
    expect(hop.response({ a: 1 }, { ...CONTEXT, plan })).toStrictEqual({
      body: { a: 1, by: ['second for mistral', 'first for responses'] },
      losses: [loss('/second/second'), loss('/first/first')],
    });
  });

  it('carry an answer back without a plan of the second', () => {
    const { plan } = ask(first, {});
    expect(hop.response({}, { ...CONTEXT, plan }).losses).toEqual([loss('/second/first'), loss('/first/first')]);
  });

  it.each<[of: string, status: number, hop: Hop]>([
    [
      'the first',
      529,
      composeHops(makeHop('first', 'messages', 'responses', 529), makeHop('second', 'responses', 'chat', 503)),
    ],
    ['the second', 503, composeHops(first, makeHop('second', 'responses', 'chat', 503))],
  ])('have the status of %s', (_of, status, composed) => {
    const { plan } = ask(composed, {});
    expect(composed.response({}, { ...CONTEXT, plan }).status).toBe(status);
  });

  it('carry every event of the second through the first, and then the end', () => {
    const { plan } = ask(hop, {});
    const stream = hop.stream({ ...CONTEXT, plan });
    expect(stream.push({ name: undefined, data: 'x' })).toEqual({
      events: ['1', '2'].flatMap((of) =>
        ['1', '2'].map((part) => ({ name: 'first', data: `x second${of} for mistral first${part} for responses` })),
      ),
      losses: [loss('/second/second'), loss('/first/first'), loss('/first/first')],
    });
    expect(stream.end('truncated')).toEqual({
      events: [
        { name: 'first', data: 'end of second: truncated first1 for responses' },
        { name: 'first', data: 'end of second: truncated first2 for responses' },
        { name: 'first', data: 'end of first: truncated' },
      ],
      losses: [loss('/second/end'), loss('/first/first'), loss('/first/end')],
    });
  });
});

describe('hops', () => {
  const PROTOCOLS: readonly Protocol[] = ['responses', 'chat', 'messages'];
  const PAIRS = PROTOCOLS.flatMap((client) => PROTOCOLS.map((upstream) => ({ client, upstream })));

  it.each(PAIRS)('lead from $client to $upstream, unless they are the same', ({ client, upstream }) => {
    const hop = findHop(client, upstream);
    if (client === upstream) expect(hop).toBeUndefined();
    else expect(hop).toMatchObject({ client, upstream });
  });

  it('are one for each pair', () => expect(HOPS).toHaveLength(6));
});

describe('events as text', () => {
  it('have a line with their name, when they have one, and one with their data', () => {
    expect(eventText([])).toBe('');
    const events = [
      { name: 'ping', data: '{}' },
      { name: undefined, data: '[DONE]' },
    ];
    expect(eventText(events)).toBe('event: ping\ndata: {}\n\ndata: [DONE]\n\n');
  });
});
