import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endsWithTerminalEvent } from '../../src/protocols/terminal.ts';
import { PassingBody } from '../../src/proxy/passing.ts';
import { assertProperty } from '../helpers/properties.ts';

/** A body to which these writes were passed on. */
function passed(writes: Iterable<Buffer>): PassingBody {
  const body = new PassingBody();
  for (const write of writes) {
    body.add(write);
    body.take();
  }
  return body;
}

const event = (type: string, bytes = 0, last = false) => {
  const padding = `"p":"${'x'.repeat(bytes)}"`;
  const name = `"type":"response.${type}"`;
  return `event: response.${type}\ndata: {${last ? `${padding},${name}` : `${name},${padding}`}}\n\n`;
};

const cut = (text: string, size: number) =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, i) => Buffer.from(text.slice(i * size, (i + 1) * size)));

describe('what a client was sent', () => {
  const sizes = [0, 10, 40_000, 300_000];
  const made = fc.record({
    type: fc.constantFrom('completed', 'output_text.delta'),
    bytes: fc.constantFrom(...sizes),
    last: fc.boolean(),
  });

  it('ends with its last event however it was cut', () => {
    assertProperty(
      fc.property(
        fc.array(made, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 500, max: 70_000 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (events, size, line, whole) => {
          const text = events
            .map(({ type, bytes, last }) => event(type, bytes, last))
            .join('')
            .replaceAll('\n', line);
          const sent = whole ? text : text.slice(0, -line.length);
          expect(endsWithTerminalEvent('responses', passed(cut(sent, size)).tail())).toBe(
            whole && events.at(-1)!.type === 'completed',
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['no event stream', `{"data":"${'x'.repeat(50)}`],
    ['a stream whose reads end within events', event('output_text.delta', 40).slice(0, -3)],
    ['one large event', 'x'.repeat(60)],
  ])('is not kept when it is %s', (_name, text) => {
    const write = Buffer.from(text.repeat(1000));
    const body = passed(Array.from({ length: 400 }, () => write));
    expect(body.tail().length).toBeLessThan(600_000);
  });
});
