import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findOpen, partialPattern } from '../../src/cassette/redact/partial.ts';
import { PATTERN_GROUPS } from '../../src/cassette/redact/patterns.ts';
import { endsInString, lineStrings, stringRanges } from '../../src/cassette/redact/strings.ts';
import {
  rootEnd,
  rootStart,
  rootView,
  toUtf8Latin1,
  unescapeJson,
  unescapePercent,
  utf8View,
  viewPlace,
} from '../../src/cassette/redact/views.ts';
import { walkJson } from '../../src/cassette/redact/walk.ts';
import { assertProperty } from '../helpers/properties.ts';

function opensAt(pattern: RegExp, text: string): number {
  return findOpen(partialPattern(pattern.source, `${pattern.flags.replace('g', '')}g`), text, 0, false);
}

/** Not a literal: the compiler's target does not know the flag that it needs. */
const CLASS_IN_CLASS = '[\\p{Lu}--[A-C]]x';

describe('the beginning of a pattern at the end of a text', () => {
  it.each([
    [/abc/, 'x ab', 2],
    [/abc/, 'x abd', 5],
    [/abc/, 'abcab', 3],
    [/a+b/, 'xaaa', 1],
    [/a{3,}/, 'aa', 0],
    [/a{3}b/, 'aaaab', 1],
    [/a{2,3}b/, 'aaaa', 1],
    [/a*b/, 'cab c', 5],
    [/a*?b/, 'caa', 1],
    [/(?:ab|cd)+e/, 'abcdc', 0],
    [/(ab)\1/, 'aba', 0],
    [/(?<name>ab)\k<name>/, 'xaba', 1],
    [/a(?=bc)/, 'ab', 0],
    [/a(?!b)c/, 'ab', 2],
    [/a(?!b)c/, 'a', 0],
    [/(?<=x)ab/, 'ya', 2],
    [/(?<=x)ab/, 'xa', 1],
    [/(?<!x)ab/, 'xa', 2],
    [/\bab\b/, 'ab', 0],
    [/^ab/, 'xa', 2],
    [/^ab/m, 'x\na', 2],
    [/ab$/, 'xab', 1],
    [/[\]a-c[]{2}x/, ']c', 0],
    [/\x41\u0042\cJ\//, 'AB', 0],
    [/\p{Lu}\d/u, 'xÄ', 1],
    [new RegExp(CLASS_IN_CLASS, 'v'), 'yD', 1],
    [/😀x/u, 'a😀', 1],
    [/.*secret/, 'abc\nde', 4],
    [/a|bc|/, 'xb', 1],
    [/x??y/, 'ax', 1],
    [/a.*?b/, 'axb c', 5],
    [/a.*b/, 'axb c', 0],
    [/x*/u, '😀😀', 4],
  ])('%s in %j', (pattern, text, expected) => {
    expect(opensAt(pattern, text)).toBe(expected);
  });

  it.each(
    PATTERN_GROUPS.flatMap(({ flags, patterns }) =>
      patterns.map((one) => [`${one.before ?? ''}${one.value}`, flags] as const),
    ),
  )('of %s', (source, flags) => {
    expect(() => partialPattern(source, flags)).not.toThrow();
    expect(partialPattern(source, flags).test('nothing begins here.\n')).toBe(true);
  });

  it('comes no later than anything that more text may change', () => {
    const patterns = [
      ...[
        /ab+c/,
        /a(?:b|ca){2,3}c?/,
        /(?<=b)a[bc]{2}/,
        /a(?=.c)b/,
        /\bab*\b/,
        /(a|b)c\1/,
        /a(?!bc)/,
        /a(?=b+c)/,
        /ab(?<=ab)c/,
      ],
      ...[/b(?!a)c?$/m, /(?:a|^)b c/, /a.*?c/, /(?<!a)b(?:a(?!c))*/, /[^a]{2}a??/, /(?<n>a|bb)c\k<n>b/],
    ];
    const texts = fc.string({ unit: fc.constantFrom(...'abc \n'), maxLength: 14 });
    assertProperty(
      fc.property(fc.constantFrom(...patterns), texts, fc.nat(14), (pattern, text, cut) => {
        const begun = text.slice(0, cut);
        const open = opensAt(pattern, begun);
        const decided = (searched: string) =>
          [...searched.matchAll(new RegExp(pattern, `${pattern.flags}g`))]
            .map((m) => [m.index, m[0]])
            .filter(([at]) => Number(at) < open);
        expect(decided(begun)).toEqual(decided(text));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('views', () => {
  const latin1 = (text: string) => rootView(toUtf8Latin1(text));

  it.each([
    ['\\n\\t\\"\\\\\\/', '\n\t"\\/'],
    ['\\u0041\\u00e9\\ud83d\\ude00', toUtf8Latin1('Aé😀')],
    ['\\ud83d!', toUtf8Latin1('\ufffd!')],
    ['\\x\\', '\\x\\'],
    ['\\u12', '\\u12'],
  ])('unescapes %s', (text, expected) => {
    expect(unescapeJson(latin1(text), true)?.text ?? text).toBe(expected);
  });

  it.each(['a\\', 'a\\u', 'a\\u00e', 'a\\ud83d', 'a\\ud83d\\', 'a\\ud83d\\ude0'])(
    'waits for the rest of %s',
    (text) => {
      const view = unescapeJson(latin1(text), false);
      expect([view?.text, view?.rest]).toEqual(['a', 1]);
    },
  );

  it.each(['%41%zz%', '%4'])('undoes percent-encoding in %s', (text) => {
    expect(unescapePercent(latin1(text), true)?.text ?? text).toBe(text.replace('%41', 'A'));
    expect(unescapePercent(latin1(text), false)?.rest).toBe(text.lastIndexOf('%'));
  });

  it('reads UTF-8 and leaves other bytes', () => {
    expect(utf8View(rootView(`${toUtf8Latin1('é漢😀')}\xff\xc3(`), true).text).toBe('é漢😀\xff\xc3(');
    expect(utf8View(rootView(toUtf8Latin1('a漢').slice(0, -1)), false).text).toBe('a');
  });

  it('knows where every character came from', () => {
    const unit = fc.constantFrom(
      'a',
      'b',
      '\\n',
      '\\\\',
      '\\"',
      '\\u0041',
      '\\ud83d\\ude00',
      '%41',
      '\\\\n',
      '\\\\u0042',
      'é',
    );
    assertProperty(
      fc.property(fc.array(unit), (units) => {
        const root = latin1(units.join(''));
        const once = unescapeJson(root, true) ?? root;
        const twice = unescapeJson(once, true) ?? once;
        const view = unescapePercent(twice, true) ?? twice;
        let reached = 0;
        for (let at = 0; at < view.text.length; at++) {
          const [start, end] = [rootStart(view, at), rootEnd(view, at + 1)];
          expect(start).toBeGreaterThanOrEqual(Math.min(reached, start));
          expect(end).toBeGreaterThan(start);
          expect(end).toBeGreaterThanOrEqual(reached);
          expect(viewPlace(view, start)).toBeLessThanOrEqual(at);
          reached = end;
        }
        expect(reached).toBe(view.text.length === 0 ? 0 : root.text.length);
      }),
      { numRuns: 300 },
    );
  });
});

describe('strings of a JSON text', () => {
  const inside = (text: string, open = false) => stringRanges(text, open).map(([start, end]) => text.slice(start, end));

  it.each([
    ['{"a":"b\\"c","d":["",1]}', false, ['a', 'b\\"c', 'd', '']],
    ['b"],"c', true, ['b', 'c']],
    ['"a\n"b"', false, ['a', 'b']],
  ])('%s', (text, open, expected) => {
    expect(inside(text, open)).toEqual(expected);
    expect(endsInString(text, open)).toBe(/c$/.test(text));
  });

  it('takes lines that are not JSON as they are', () => {
    const text = ': "x" y\r\ndata: {"a":1}\r\ndata:[DONE]\n';
    expect(lineStrings(text).map(([start, end]) => text.slice(start, end))).toEqual([': "x" y', 'a']);
  });
});

describe('walkJson', () => {
  function scalars(text: string): { end: number | undefined; seen: [string, string][] } {
    const seen: [string, string][] = [];
    const end = walkJson(text, 0, (path, from, to, isString) => {
      seen.push([path.join('.'), (isString ? 's:' : '') + text.slice(from, to)]);
    });
    return { end, seen };
  }

  it('visits scalars with their places', () => {
    const text = ' { "a" : [1, -2.5e3, {"b": "x\\"y"}], "c": null, "d": {}, "e": [] } ';
    expect(scalars(text)).toEqual({
      end: text.length - 1,
      seen: [
        ['a.0', '1'],
        ['a.1', '-2.5e3'],
        ['a.2.b', 's:x\\"y'],
        ['c', 'null'],
      ],
    });
  });

  it.each(['', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,}', '[1 2]', '"abc', '{a:1}', '['.repeat(1000)])(
    'stops at %j',
    (text) => {
      expect(scalars(text).end).toBeUndefined();
    },
  );

  it('visits what JSON.parse reads', () => {
    assertProperty(
      fc.property(fc.json(), (text) => {
        const strings: unknown[] = [];
        JSON.parse(text, (_, value) =>
          typeof value === 'object' && value !== null ? value : strings.push(value) && value,
        );
        const seen: unknown[] = [];
        walkJson(text, 0, (_, from, to, isString) =>
          seen.push(JSON.parse(isString ? text.slice(from - 1, to + 1) : text.slice(from, to))),
        );
        expect(seen.map(String).sort()).toEqual(strings.map(String).sort());
      }),
      { numRuns: 300 },
    );
  });
});
