import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { generateReport, schemaText } from '../../../schemas/generate/generate.ts';
import { diffOfFailure } from '../../../src/report/results/failure-text.ts';
import { exitOfReport } from '../../../src/report/results/model.ts';
import { REPORTER_NAMES, REPORTERS, type ReporterName } from '../../../src/report/results/reporters.ts';
import { madeReport } from './report.ts';

const NO_COLOUR = new Chalk({ level: 0 });
const strict = { ...madeReport().options, strict: true };

function write(name: ReporterName, changes: Parameters<typeof madeReport>[0] = {}): string {
  const made = REPORTERS[name](madeReport(changes), NO_COLOUR);
  return typeof made === 'string' ? made : [...made].join('');
}

describe.each(REPORTER_NAMES)('the %s report', (name) => {
  it('is the same every time and ends with a line feed', () => {
    expect(write(name)).toBe(write(name));
    expect(write(name)).toMatch(/[^\n]\n$/);
  });

  it('holds nothing that steers a terminal', () => {
    expect(write(name)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
  });

  it('names the check, the exchange and the command line that shows the failure alone', () => {
    const text = write(name).replaceAll('&quot;', '"').replaceAll('&#10;', '\n');
    expect(text).toContain('stream.translation');
    expect(text).toContain('a.har');
    expect(text).toContain("tapedeck replay a.har --filter 'x1 stream.translation'");
  });

  it('can be written of nothing', () => {
    expect(() => write(name, { cassettes: [] })).not.toThrow();
  });
});

describe('the text report', () => {
  const lines = write('text').split('\n');

  it('shows the failure with its place, its difference and its source', () => {
    const at = lines.findIndex((line) => line.includes('failed stream.translation client-response'));
    expect(lines[at + 1]!.trim()).toBe('event 7, /delta, byte 1234');
    expect(lines.slice(at + 2, at + 7).map((line) => line.trim().slice(0, 8))).toEqual([
      '6: befor',
      '- 7: a|b',
      '+ 7: rol',
      'stream.t',
      'run tape',
    ]);
  });

  it('tells notes, what does not apply, and the counts', () => {
    expect(lines.some((line) => line.includes('note   stream.grammar upstream-response: broken off'))).toBe(true);
    expect(lines).toContain('       1 legs.valid  the leg is absent');
    expect(lines.at(-3)).toBe(
      '2 cassettes, 2 exchanges, 1 unreadable, 3 passed, 1 failed, 1 not applicable, 1 edited, 1 leftover (codex + tolerant, splits fast)',
    );
  });

  it('marks what fails the run', () => {
    const whole = madeReport().cassettes[0]!;
    const good = { ...whole, exchanges: [whole.exchanges[1]!] };
    expect(write('text', { cassettes: [good] })).toMatch(/^✓ a\.har/);
    expect(write('text', { cassettes: [good], options: strict })).toMatch(/^✗ a\.har/);
  });
});

it('a difference in nothing but blanks is seen', () => {
  const failure = madeReport().cassettes[0]!.exchanges[0]!.results.at(-1)!.failures![0]!;
  expect(diffOfFailure({ ...failure, diff: ['- a  b', '+ a\tb\n'] })).toEqual(['- a  b', '+ a␉b␊']);
});

describe('the JSON report', () => {
  it('is the model', () => {
    expect(JSON.parse(write('json'))).toEqual(JSON.parse(JSON.stringify(madeReport())));
    expect(JSON.parse(write('json', { cassettes: [] })).cassettes).toEqual([]);
  });

  it('has a line for each result, for reviews', () => {
    expect(
      write('json')
        .split('\n')
        .filter((line) => line.startsWith('    {"check"')),
    ).toHaveLength(5);
  });

  it('fits schemas/replay.schema.json, which is made from the types', async () => {
    const file = await readFile(new URL('../../../schemas/replay.schema.json', import.meta.url), 'utf8');
    expect(schemaText(generateReport().schema)).toBe(file);
    const validate = new Ajv2020({ strict: true, allErrors: true }).compile(JSON.parse(file));
    validate(JSON.parse(write('json', { shard: '1/2' })));
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ ...madeReport(), tapedeckReplay: 2 })).toBe(false);
  });
});

describe('the JUnit report', () => {
  const xml = write('junit');

  it('counts', () => {
    expect(xml).toContain('<testsuites name="tapedeck replay" tests="6" failures="1" errors="1" skipped="1">');
    expect(xml).toContain('<testsuite name="a.har" tests="5" failures="1" errors="0" skipped="1">');
    const strictly = write('junit', { options: strict });
    expect(strictly).toContain('<testsuite name="a.har" tests="7" failures="3" errors="0" skipped="1">');
  });

  it('has a case for each result', () => {
    expect(xml).toContain('<testcase classname="a.har" name="#1 x1 legs.valid client-request"/>');
    expect(xml).toContain('name="#1 x1 legs.valid upstream-request attempt 2"><skipped message="the leg is absent"/>');
    expect(xml.match(/<failure /g)).toHaveLength(2);
    expect(xml.match(/<error /g)).toHaveLength(1);
  });

  it('holds no character that XML 1.0 forbids, and no open markup', () => {
    expect(xml).not.toMatch(/[\ufffe\uffff]|\p{Surrogate}/u);
    expect(
      xml.replace(
        /<\/?(?:testsuites?|properties|property|testcase|skipped|failure|error|system-out|\?xml)\b[^<>]*>/g,
        '',
      ),
    ).not.toMatch(/[<>]/);
  });
});

describe('the TAP report', () => {
  const lines = write('tap').split('\n');

  it('is a plan and as many points', () => {
    expect(lines.slice(0, 2)).toEqual(['TAP version 13', '1..6']);
    const points = lines.filter((line) => /^(?:not )?ok /.test(line));
    expect(points.map((line) => Number(/\d+/.exec(line)![0]))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(points.filter((line) => line.startsWith('not ok'))).toHaveLength(2);
    expect(points[1]).toBe('ok 2 - a.har x1 legs.valid upstream-request attempt 2 # SKIP the leg is absent');
  });

  it('has the failure as YAML of JSON strings', () => {
    const start = lines.indexOf('  ---');
    const end = lines.indexOf('  ...');
    for (const line of lines.slice(start + 1, end))
      expect(() => JSON.parse(line.replace(/^ {2}\w+: /, ''))).not.toThrow();
  });
});

describe('the Markdown report', () => {
  const text = write('markdown');

  it('begins with the verdict', () => {
    expect(text).toMatch(/^### ❌ tapedeck replay\n\n2 cassettes, 2 exchanges, \*\*3\*\* passed, \*\*1\*\* failed/);
    const whole = madeReport().cassettes[0]!;
    const one = write('markdown', { cassettes: [{ ...whole, exchanges: [whole.exchanges[1]!] }] });
    expect(one).toMatch(/^### ✅ tapedeck replay\n\n1 cassette, 1 exchange, /);
  });

  it('fences the difference with more backticks than it holds, and notifies nobody', () => {
    expect(text).toContain('  ````diff\n');
    expect(text.replace(/`{4}(?:diff|sh)[\s\S]*?`{4}/g, '')).not.toMatch(/@team|<b>/);
  });

  it('shows the first twenty failures and counts the rest', () => {
    const [cassette] = madeReport().cassettes;
    const [exchange] = cassette!.exchanges;
    const exchanges = Array.from({ length: 15 }, (_, i) => ({ ...exchange!, id: `x${i}`, number: i + 1 }));
    const long = write('markdown', { cassettes: [{ ...cassette!, exchanges }] });
    expect(long.match(/^- `a\.har` #/gm)).toHaveLength(20);
    expect(long).toContain('… and 10 more.');
  });

  it('fits into a comment, however much there is to tell', () => {
    const [cassette] = madeReport().cassettes;
    const [exchange] = cassette!.exchanges;
    const results = exchange!.results.map((result, i) => ({
      ...result,
      ...(result.reason ? { reason: `${i} ${'r'.repeat(5000)}` } : {}),
      ...(result.failures
        ? {
            failures: result.failures.map((one) => ({
              ...one,
              message: 'm'.repeat(70_000),
              pointer: 'p'.repeat(9000),
            })),
          }
        : {}),
    }));
    const cassettes = Array.from({ length: 400 }, (_, i) => ({
      ...cassette!,
      cassette: `${i}-${'c'.repeat(200)}.har`,
      exchanges: [{ ...exchange!, results: [...results, { ...results[1]!, reason: `${i} of them` }] }],
    }));
    const long = write('markdown', { cassettes });
    expect(long.length).toBeLessThan(65_536);
    expect(long).toContain('- `0-ccc');
    expect(long).toContain('… and 380 more cassettes.');
    expect(long).toMatch(/… and \d{3} more\./);
    expect(long).toContain('… and 381 more reasons.');
  });
});

describe('the HTML report', () => {
  const html = write('html');

  it('loads and runs nothing', () => {
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<script|<link|\bsrc=|\bhref=|@import|url\(/i);
  });

  it('escapes what was recorded', () => {
    expect(html).toContain('a|b &lt;b&gt;&amp;&quot;');
    expect(html).not.toContain('a|b <b>');
  });

  it('is made for light and dark', () => {
    expect(html).toContain('content="light dark"');
    expect(html).toContain('prefers-color-scheme: dark');
  });

  it('closes every element that it opens', () => {
    const open: string[] = [];
    for (const [, slash, name] of html
      .replace(/<!doctype html>|<meta[^>]*>|<style>[\s\S]*<\/style>/g, '')
      .matchAll(/<(\/?)([a-z]\w*)[^>]*>/g)) {
      if (slash) expect(open.pop()).toBe(name);
      else open.push(name!);
    }
    expect(open).toEqual([]);
  });
});

describe('the receipt', () => {
  const denied = { receipt: { served: 1, denied: 2 } };

  it.each([
    ['text', '3 recorded calls served, no connection outside loopback\n'],
    ['json', '"receipt": {\n  "served": 3,\n  "denied": 0\n },'],
    ['junit', '<properties><property name="served" value="3"/><property name="denied" value="0"/></properties>'],
    ['tap', '\n# 3 recorded calls served, no connection outside loopback\n'],
    ['markdown', '\n3 recorded calls served, no connection outside loopback.\n'],
    ['html', '<p class="dim">3 recorded calls served, no connection outside loopback</p>'],
  ] as const)('is in the %s report', (name, text) => {
    expect(write(name)).toContain(text);
  });

  it('makes a run fail that asked for the network', () => {
    const good = { cassettes: [{ ...madeReport().cassettes[0]!, exchanges: [] }], ...denied };
    expect(exitOfReport(madeReport(good))).toBe(1);
    expect(write('text', good)).toContain('1 recorded call served, 2 connections denied outside loopback');
    expect(write('markdown', good)).toMatch(/^### ❌/);
    expect(write('html', good)).toContain('✗ Failed');
  });
});

describe('exitOfReport', () => {
  const [a, b] = madeReport().cassettes as [
    ReturnType<typeof madeReport>['cassettes'][0],
    ReturnType<typeof madeReport>['cassettes'][0],
  ];
  const good = { cassette: 'c.har', exchanges: [a.exchanges[1]!] };
  const secret = {
    cassette: 'd.har',
    exchanges: [
      { ...a.exchanges[1]!, results: [{ check: 'redaction.complete' as const, verdict: 'failed' as const }] },
    ],
  };
  const { edited: _, ...leftOver } = { ...a, exchanges: [] };

  it.each([
    ['nothing wrong', [good], {}, 0],
    ['a failure', [a], {}, 1],
    ['an unreadable cassette beside a failure', [a, b], {}, 5],
    ['a secret', [secret], {}, 5],
    ['an edited cassette', [{ ...good, edited: true as const }], {}, 0],
    ['an edited cassette under strict', [{ ...good, edited: true as const }], { options: strict }, 5],
    ['leftovers', [leftOver], {}, 0],
    ['leftovers under strict', [leftOver], { options: strict }, 3],
  ])('of %s', (_, cassettes, changes, code) => {
    expect(exitOfReport(madeReport({ cassettes, ...changes }))).toBe(code);
  });
});
