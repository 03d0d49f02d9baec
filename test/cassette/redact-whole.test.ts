import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FinderOptions } from '../../src/cassette/redact/finder.ts';
import { StreamWork } from '../../src/cassette/redact/stream.ts';
import { Vault } from '../../src/cassette/redact/vault.ts';
import { redactWhole } from '../../src/cassette/redact/whole.ts';
import { assertProperty } from '../helpers/properties.ts';
import { KEYS, OPAQUE, toText } from './redact-kit.ts';

const part = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom('the ', '{"a":"b"}', '"', '\\n', 'é', 'x=', '\n', 'data: ', '&token=', ': '),
  },
  fc.constantFrom<string>(...Object.values(KEYS), OPAQUE, `"api_key":"${OPAQUE}"`),
);
const type = fc.constantFrom(
  'application/json',
  'text/event-stream',
  'text/plain',
  'application/x-www-form-urlencoded',
  '',
);

it('a body that is there at once is redacted as one that comes in chunks', () => {
  assertProperty(
    fc.property(fc.array(part, { maxLength: 12 }), type, fc.boolean(), (parts, mimeType, learned) => {
      const redact = (how: (bytes: Uint8Array, vault: Vault, finder: FinderOptions) => [Uint8Array, number]) => {
        const vault = new Vault();
        if (learned) vault.learn('authorization', OPAQUE);
        const finder: FinderOptions = { users: [], literals: () => vault.literals() };
        const [bytes, count] = how(Buffer.from(parts.join('')), vault, finder);
        return { text: toText(bytes), count, counts: vault.counts() };
      };
      const whole = redact((bytes, vault, finder) => {
        const result = redactWhole(bytes, mimeType, vault, finder);
        return [result.bytes, result.count];
      });
      const streamed = redact((bytes, vault, finder) => {
        const work = new StreamWork(mimeType, vault, { ...finder, exact: true });
        return [work.whole(bytes), work.count()];
      });
      expect(whole).toEqual(streamed);
    }),
    { numRuns: 300 },
  );
});
