import { describe, expect, it } from 'vitest';
import { readSoakRequest, soakEvents, soakRequest } from '../../bench/soak-stream.ts';
import { scanForSecrets } from '../../src/cassette/redact.ts';
import { parseSse } from '../../src/decode/sse.ts';

const bytesOf = (seed: number, events: number) => Buffer.concat([...soakEvents(seed, events)]);

describe('the traffic of the soak test', () => {
  it('follows from its seed', () => {
    expect(bytesOf(7, 200)).toEqual(bytesOf(7, 200));
    expect(bytesOf(7, 200)).not.toEqual(bytesOf(8, 200));
    expect(readSoakRequest(soakRequest(7, 200).toString())).toEqual({ seed: 7, events: 200 });
  });

  it('is an event stream of JSON, and holds nothing that is redacted', () => {
    const { events, rest } = parseSse(bytesOf(7, 200));
    expect(rest).toBeUndefined();
    expect(events).toHaveLength(201);
    expect(events.map(({ data }) => JSON.parse(data).sequence_number)).toEqual([...events.keys()]);
    expect(events.some(({ data }) => /[^\0-\x7f]/.test(data))).toBe(true);
    expect(scanForSecrets(bytesOf(7, 200).toString() + soakRequest(7, 200).toString())).toEqual([]);
  });
});
