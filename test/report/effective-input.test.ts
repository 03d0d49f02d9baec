import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { legsOf } from '../../src/cassette/legs.ts';
import { continuesEarlier, effectiveInput } from '../../src/report/effective-input.ts';
import { rowOf } from '../../src/report/exchange-row.ts';
import { exchangeLines } from '../../src/report/exchange-text.ts';
import { viewExchange } from '../../src/report/exchange-view.ts';
import { recorded } from '../helpers/recorded.ts';
import { client, completed, created, recordedSocket, server } from '../helpers/recorded-socket.ts';

const user = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });
const turn = (id: string, text: string, previous?: string) =>
  recordedSocket({
    say: [
      client({
        type: 'response.create',
        model: 'm',
        input: [user(text)],
        ...(previous ? { previous_response_id: previous } : {}),
      }),
      server(created(id)),
      server(completed(id, `answer to ${text}`)),
    ],
  });

describe('the effective input', () => {
  const first = turn('r1', 'one');
  const second = turn('r2', 'two', 'r1');
  const third = turn('r3', 'three', 'r2');

  it('is that of the earlier responses, with what they answered, and the own one', () => {
    const input = effectiveInput(third, [third, second, first]);
    expect(input?.missing).toBeUndefined();
    expect(input?.items.map(({ exchange, role, text }) => [exchange, role, text])).toEqual([
      [first.id, 'user', 'one'],
      [first.id, 'assistant', 'answer to one'],
      [second.id, 'user', 'two'],
      [second.id, 'assistant', 'answer to two'],
      [third.id, 'user', 'three'],
    ]);
  });

  it('says what is missing', () => {
    expect(effectiveInput(third, [second])).toMatchObject({
      missing: 'r1',
      items: [{ text: 'two' }, {}, { text: 'three' }],
    });
  });

  it('is not rebuilt where nothing is gone on from', () => {
    expect(continuesEarlier(first)).toBe(false);
    expect(effectiveInput(first, [second])).toBeUndefined();
    expect(effectiveInput(recorded({ body: { previous_response_id: 'r1' } }), [])).toBeUndefined();
  });

  it('ends where made-up ids lead back to themselves', () => {
    const loop = turn('r9', 'loop', 'r9');
    const after = turn('r10', 'after', 'r9');
    expect(effectiveInput(after, [loop])).toMatchObject({ missing: 'r9' });
  });

  it('is shown, with the messages and the end of the connection', () => {
    const exchange = recordedSocket({
      say: [
        client({ type: 'response.create', model: 'm', input: [user('two')], previous_response_id: 'r1' }),
        server(created('r2')),
        client({ type: 'response.steer' }),
        server(completed('r2', 'fine')),
      ],
      close: { by: 'client', code: 1006, reason: '' },
    });
    const view = viewExchange(exchange, legsOf(exchange), 2);
    const effective = effectiveInput(exchange, [first])!;
    const style = { colour: new Chalk({ level: 0 }), columns: 100 };
    const text = exchangeLines({ ...view, effectiveInput: effective }, style).join('\n');
    expect(text).toMatch(/WebSocket +c1/);
    expect(text).toMatch(/body +2 messages, /);
    expect(text).toMatch(/with earlier +3 items\n[\s\S]*one\n[\s\S]*answer to one\n[\s\S]*two\n/);
    expect(text).toMatch(/time line +2 events\n[\s\S]*response\.create\n[\s\S]*response\.steer/);
    expect(text).toMatch(/WebSocket +closed by client without a close frame/);
    expect(text).toMatch(/finish +completed/);
    expect(rowOf(exchange, legsOf(exchange), 2)).toMatchObject({ method: 'WS', model: 'm', events: 2, status: 101 });
  });
});
