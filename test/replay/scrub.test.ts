import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createScrubber,
  findPlaces,
  mergePlaces,
  type Places,
  patternsIn,
  placeScrubber,
} from '../../src/replay/scrub.ts';
import { assertProperty } from '../helpers/properties.ts';

const NOWHERE = { work: [], home: [] };
const scrubberOf = (own: Places, others: Places) => createScrubber(placeScrubber(own), placeScrubber(others));
const UUID = '01a1fa19-9146-7243-b7b6-da899abe66d3';

test.each([
  ['uuid', `session ${UUID}`, 'session [uuid]'],
  ['uuid in capitals', UUID.toUpperCase(), '[uuid]'],
  ['item id with a UUID', `msg_${UUID} fco_${UUID}`, '[msg-id] [fco-id]'],
  ['item id', 'call_000002abcdef0123, tso_01ABcd23EFgh45', '[call-id], [tso-id]'],
  ['a word that only begins like an id', 'call_function msg_something_else', 'call_function msg_something_else'],
  ['date', '<current_date>2026-11-20</current_date>', '<current_date>[date]</current_date>'],
  ['today', "Today's date: 2026-11-20.", "Today's date: [date]."],
  ['time zone', '<timezone>Etc/UTC</timezone>', '<timezone>[timezone]</timezone>'],
  ['working directory', '<cwd>/</cwd>', '<cwd>[cwd]</cwd>'],
  ['wall time', 'Wall time: 0.0000 seconds', 'Wall time: [time] seconds'],
  ['wall time without a colon', 'Wall time 0.1 seconds', 'Wall time [time] seconds'],
  ['chunk id', 'Chunk ID: 7ba4b4\nhi', 'Chunk ID: [chunk]\nhi'],
  ['token count', 'Original token count: 12', 'Original token count: [count]'],
  ['start of the turn', '{"turn_started_at_unix_ms":1795197342056}', '{"turn_started_at_unix_ms":[time]}'],
  ['nothing', 'run echo hi on 2026-11-20 for 3 seconds', 'run echo hi on 2026-11-20 for 3 seconds'],
])('%s', (_, text, expected) => {
  const scrub = scrubberOf(NOWHERE, NOWHERE);
  expect(scrub(text)).toBe(expected);
  expect(scrub(scrub(text))).toBe(expected);
});

test('finds where a session works and where its client lives', () => {
  const places = findPlaces([
    '<environment_context><cwd>/home/alice/shop/</cwd><root>/srv/data</root></environment_context>',
    '# AGENTS.md instructions for /home/alice/shop/web\n\nfiles',
    '- r0 = `/home/alice/.codex/skills/.system` and (file: /home/alice/.codex/skills/.system/x/SKILL.md)',
    '<cwd>/</cwd> <cwd>shop</cwd>',
    ' - Primary working directory: /home/alice/claude',
  ]);
  expect(places).toEqual({
    work: ['/home/alice/shop/web', '/home/alice/claude', '/home/alice/shop', '/srv/data'],
    home: ['/home/alice/.codex'],
  });
});

test('finds Windows places', () => {
  const places = findPlaces(['<cwd>C:\\src\\shop</cwd>', 'file: C:\\me\\.codex\\skills\\.system\\x']);
  expect(places).toEqual({ work: ['C:\\src\\shop'], home: ['C:\\me\\.codex'] });
  const scrub = scrubberOf(places, NOWHERE);
  expect(scrub('{"path":"C:\\\\src\\\\shop\\\\a.ts"} C:\\src\\shop\\a.ts')).toBe(
    '{"path":"[cwd]\\\\a.ts"} [cwd]\\a.ts',
  );
});

test.each([
  ['cat /srv/shop/a.ts', 'cat [cwd]/a.ts'],
  ['in /srv/shop.', 'in [cwd].'],
  ['{"workdir":"/srv/shop"}', '{"workdir":"[cwd]"}'],
  ['(/srv/shop:12)', '([cwd]:12)'],
  [
    '/srv/shop-old /srv/shopping /srv/shop.bak /data/srv/shop',
    '/srv/shop-old /srv/shopping /srv/shop.bak /data/srv/shop',
  ],
  ['/srv/shop/web/x', '[cwd]/x'],
  ['/srv/shop/webby/x', '[cwd]/webby/x'],
  ['/srv/shop/web/.codex/x', '[home]/x'],
  ['/var/codex/skills', '[home]/skills'],
])('a place in %j', (text, expected) => {
  const own = { work: ['/srv/shop/web', '/srv/shop'], home: ['/var/codex', '/srv/shop/web/.codex'] };
  expect(scrubberOf(own, NOWHERE)(text)).toBe(expected);
});

test.each([
  // Printed by `exec` in the code mode of Codex 0.169.0.
  [
    '{"chunk_id":"f2dd5d","wall_time_seconds":0.00000684,"original_token_count":3,"output":"x"}',
    '{"chunk_id":"[chunk]","wall_time_seconds":[time],"original_token_count":[count],"output":"x"}',
  ],
  ['{"wall_time_seconds":6.84e-6}', '{"wall_time_seconds":[time]}'],
  ['"{\\"chunk_id\\": \\"f2dd5d\\"}"', '"{\\"chunk_id\\": \\"[chunk]\\"}"'],
])('the facts of an executed command in %s', (text, expected) => {
  expect(scrubberOf(NOWHERE, NOWHERE)(text)).toBe(expected);
});

test('own places come before those of the cassette, and these count too', () => {
  const cassette = mergePlaces([
    { work: ['/srv/shop/web'], home: [] },
    { work: ['/old/place', '/srv/shop/web'], home: ['/old/home'] },
  ]);
  expect(cassette).toEqual({ work: ['/srv/shop/web', '/old/place'], home: ['/old/home'] });
  const scrub = scrubberOf({ work: ['/srv/shop'], home: [] }, cassette);
  expect(scrub('/srv/shop/web/x /old/place/x /old/home/x')).toBe('[cwd]/web/x [cwd]/x [home]/x');
});

test('a megabyte of base64 takes no search for each of its slashes', () => {
  const image = `.system ${'aB3/'.repeat(260_000)}`;
  // A quadratic search would take minutes, which is over the time a test has.
  const places = findPlaces([image]);
  expect(places).toEqual(NOWHERE);
  expect(scrubberOf(places, NOWHERE)(image)).toBe(image);
});

test('the marks that are looked for first are in every text that a pattern changes', () => {
  const parts = [
    `${UUID} msg_${UUID} call_ _[uuid] 000002abcdef0123 A1b2C3d4E5f6 - _`,
    "<current_date> </current_date> <timezone> </timezone> <cwd> </cwd> <root> </root> Today's date: 2026-11-20 Today\u2019s is",
    'Wall time: 0.5 Chunk ID: 7ba4b4 Original token count: 12 "wall_time_seconds": 1.5e-3 chunk_id\\": \\"ab "chunk_id":"cd original_token_count":3',
    '{"turn_started_at_unix_ms":1795197342056} x',
  ].flatMap((text) => text.split(' '));
  const scrub = scrubberOf(NOWHERE, NOWHERE);
  assertProperty(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 8 }), fc.constantFrom('', ' '), (words, between) => {
      const text = words.join(between);
      expect(scrub(text) !== text).toBe(patternsIn(text).length > 0);
    }),
    { numRuns: 2000 },
  );
});
