import { readFile } from 'node:fs/promises';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { generateReport, schemaText } from '../../../schemas/generate/generate.ts';
import type { ConformanceReport } from '../../../src/report/conformance/model.ts';
import { CONFORMANCE_REPORTERS } from '../../../src/report/conformance/reporters.ts';
import { REPORTER_NAMES, type ReporterName } from '../../../src/report/results/reporters.ts';
import { MADE_RESULTS, madeCheck, madeReport } from './report.ts';

const NO_COLOUR = new Chalk({ level: 0 });

function write(name: ReporterName, changes: Partial<ConformanceReport> = {}): string {
  return CONFORMANCE_REPORTERS[name](madeReport(changes), NO_COLOUR);
}

const WAIVED = { reason: 'we know', link: 'http://issues/1', expires: '2027-01-01' };

describe.each(REPORTER_NAMES)('the %s report', (name) => {
  it('is the same every time and ends with a line feed', () => {
    expect(write(name)).toBe(write(name));
    expect(write(name)).toMatch(/[^\n]\n$/);
  });

  it('holds nothing that steers a terminal', () => {
    expect(write(name)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
  });

  it('names what failed, its evidence and the command line that tries it alone', () => {
    const text = write(name);
    for (const part of ['wire.stream.first', 'evidence/one.har', 'http://h/v1 --filter wire.stream.first', 'it broke'])
      expect(text).toContain(part);
  });

  it('tells what stands in a baseline and in a waiver', () => {
    const [first, ...rest] = MADE_RESULTS;
    const text = write(name, { results: [{ ...first!, change: 'known', waived: WAIVED }, ...rest] });
    expect(text).toContain('known');
    expect(text).toContain('we know');
    expect(text).toContain('2027-01-01');
  });

  it('can be written of nothing', () => {
    expect(() => write(name, { results: [], checks: [], routes: [], clients: [], notJudged: [] })).not.toThrow();
  });
});

describe('the text report', () => {
  it('begins with the gateway and its routes', () => {
    const lines = write('text').split('\n');
    expect(lines[0]).toBe('some-gateway 1.2.3 at http://127.0.0.1:4000/v1 (hermetic, gpt-5.5, tapedeck 0.1.0)');
    expect(lines.slice(1, 3)).toEqual(['  responses->chat', '  chat->chat']);
    expect(lines[3]).toMatch(/^ {2}messages not offered: 404 a\|b/);
  });

  it('has failures first, then warnings, the table, the clients and what was not judged', () => {
    const titles = write('text').match(/^[A-Z]\w+(?: \w+)*$/gm);
    expect(titles).toEqual(['Failed', 'Warnings', 'Unsupported', 'Areas', 'Clients', 'Not judged']);
  });

  it('shows a fault with its place and both values', () => {
    const lines = write('text')
      .split('\n')
      .map((line) => line.trim());
    const at = lines.findIndex((line) => line.startsWith('the field is gone'));
    expect(lines[at + 1]).toBe('at upstream request /input/0');
    expect(lines[at + 2]).toMatch(/^- \{"type":"a\|b/);
    expect(lines.slice(at + 3, at + 6)).toEqual(['+ null', 'rule schema.required (openai 7.55.0)', 'and another']);
  });

  it('tells a reason that several checks have once', () => {
    const checks = Array.from({ length: 8 }, (_, i) => madeCheck({ id: `wire.many.n${i}` }));
    const results = checks.map(({ id }) => ({ check: id, verdict: 'unsupported' as const, reason: 'no such thing' }));
    expect(write('text', { checks, results })).toContain(
      '\nUnsupported\n  8 checks: no such thing\n    wire.many.n0\n    wire.many.n1\n    wire.many.n2\n    wire.many.n3\n    wire.many.n4\n    wire.many.n5\n    … and 2 more\n\n',
    );
    expect(write('text', { checks, results: results.slice(0, 1) })).toContain('  wire.many.n0: no such thing\n');
  });

  it('joins routes of which the same is to be said', () => {
    const [first] = MADE_RESULTS;
    const text = write('text', { results: [first!, { ...first!, route: 'chat->chat' }] });
    expect(text).toContain('    responses->chat, chat->chat\n');
    expect(text.match(/^✗ /gm)).toHaveLength(1);
  });

  it('names models where there are several', () => {
    const { options } = madeReport();
    expect(write('text', { options: { ...options, models: ['gpt-5.5', 'other'] } })).toContain(
      '\n    responses->chat gpt-5.5\n',
    );
  });

  it('counts by area', () => {
    expect(write('text')).toMatch(/\n {2}wire +1 +1 +1 +0 +0 +3\n {2}zstd +0 +0 +0 +1 +0 +1\n/);
  });

  it('says with which denominator a client is ready', () => {
    expect(write('text')).toMatch(
      /Codex \(custom provider\) +NOT READY +must: 2 of 3 ran, 1 passed, 1 failed; should: 0 of 1 passed\n/,
    );
  });
});

describe('the JSON report', () => {
  it('is the model', () => {
    expect(JSON.parse(write('json'))).toEqual(JSON.parse(JSON.stringify(madeReport())));
  });

  it('has a line for each check and each result, for reviews', () => {
    expect(write('json').match(/^ {2}\{"(?:id|check)":/gm)).toHaveLength(9);
  });

  it('has the schema that is made from its types', async () => {
    const file = await readFile(new URL('../../../schemas/conformance.schema.json', import.meta.url), 'utf8');
    expect(schemaText(generateReport('conformance').schema)).toBe(file);
  }, 30_000);
});

describe('the JUnit report', () => {
  it('has failures, errors, and as skipped what gave no verdict', () => {
    const xml = write('junit');
    expect(xml).toContain('<testsuite name="wire" tests="3" failures="1" errors="0" skipped="0">');
    expect(xml).toContain('<testsuite name="zstd" tests="1" failures="0" errors="0" skipped="1">');
    expect(xml).toContain('<testsuite name="errors" tests="1" failures="0" errors="1" skipped="0">');
  });

  it('fails for nothing that is known or waived', () => {
    const [first, , , , last] = MADE_RESULTS;
    const xml = write('junit', {
      results: [
        { ...first!, change: 'known' },
        { ...last!, waived: WAIVED },
      ],
    });
    expect(xml).not.toMatch(/<failure|<error/);
    expect(xml.match(/<skipped /g)).toHaveLength(2);
  });
});

describe('the TAP report', () => {
  it('has a point for each result', () => {
    const lines = write('tap')
      .split('\n')
      .filter((line) => /^(?:not )?ok /.test(line));
    expect(lines.map((line) => line.split(' - ')[0])).toEqual(['not ok 1', 'ok 2', 'ok 3', 'ok 4', 'not ok 5']);
    expect(lines[3]).toMatch(/ # SKIP unsupported: it says so/);
  });

  it('makes a TODO of what is known or waived', () => {
    const [first] = MADE_RESULTS;
    expect(write('tap', { results: [{ ...first!, waived: WAIVED }] })).toMatch(
      /^not ok 1 - \S+ responses->chat # TODO waived until 2027-01-01: we know/m,
    );
  });
});

describe('the Markdown report', () => {
  it('begins with the verdict and says who is ready', () => {
    expect(write('markdown')).toMatch(/^### ❌ tapedeck conformance\n/);
    expect(write('markdown')).toContain('| Codex (custom provider) | **NOT READY** | must: 2 of 3 ran');
    expect(write('markdown', { results: [MADE_RESULTS[1]!] })).toMatch(/^### ✅/);
  });

  it('notifies nobody and holds no markup of others', () => {
    expect(write('markdown').replace(/(`{3,})diff\n[\s\S]*?\1/g, '')).not.toMatch(/@team|<b>/);
  });

  it('says in prose what is prose, and as a difference what is one', () => {
    const text = write('markdown');
    expect(text).toMatch(
      /\n {2}the field is gone [^\n]*\n\n {2}(`{3,})diff\n {2}at upstream request \/input\/0\n {2}- [^\n]*\n {2}\+ null\n {2}rule schema\.required \(openai 7\.55\.0\)\n {2}\1\n\n {2}and another\n/,
    );
    expect(text).toContain(
      '  ```sh\n  tapedeck show evidence/one.har\n  tapedeck conformance http://h/v1 --filter wire.stream.first\n  ```\n',
    );
  });

  it('tells the others where one failure alone would fill a comment', () => {
    const [first] = MADE_RESULTS;
    const results = ['x'.repeat(50_000), 'a short reason'].map((reason) => ({ ...first!, reason, faults: [] }));
    const text = write('markdown', { results });
    expect(text).toContain('a short reason');
    expect(text).toContain('… and 1 more.');
  });

  it('fits into a comment, however much failed', () => {
    const [first] = MADE_RESULTS;
    const faults = Array.from({ length: 50 }, () => ({ message: 'm'.repeat(300), actual: 'v'.repeat(1000) }));
    const results = Array.from({ length: 60 }, (_, i) => ({ ...first!, reason: `reason ${i}`, faults }));
    const text = write('markdown', { results });
    expect(text.length).toBeLessThan(65_536);
    expect(text).toMatch(/… and \d+ more\./);
  });
});

describe('the HTML report', () => {
  const html = write('html');

  it('loads and runs nothing, and is made for light and dark', () => {
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<script|<link|\bsrc=|\bhref=|@import|url\(/i);
    expect(html).toContain('prefers-color-scheme: dark');
  });

  it('has a table of the areas with their names first', () => {
    expect(html).toMatch(
      /<table class="numbers">\n<tr><td>area<\/td><td>pass<\/td>.*<td>all<\/td><\/tr>\n<tr><td>wire<\/td>/,
    );
    expect(html).toContain('<dt>not applicable</dt>');
  });

  it('shows what stands between backticks as code', () => {
    const checks = [madeCheck({ id: 'wire.stream.first', requirement: 'The field `a<b` holds.' })];
    const text = write('html', {
      checks,
      results: [{ check: 'wire.stream.first', verdict: 'fail', reason: 'no `x`' }],
    });
    expect(text).toContain('The field <code>a&lt;b</code> holds.');
    expect(text).toContain('no <code>x</code>');
  });

  it('escapes what a gateway said', () => {
    expect(html).not.toContain('a|b <b>');
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
