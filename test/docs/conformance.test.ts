import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONFORMANCE_FLAGS } from '../../src/cli/conformance/flags.ts';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { areaOf, type Check } from '../../src/conformance/check.ts';
import { VERDICTS } from '../../src/report/conformance/model.ts';
import { renderCatalogue } from '../conformance/catalogue/document.ts';

const PAGE = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8');

describe('docs/conformance.md', () => {
  it('has the catalogue as it is (npm run conformance:docs)', () => {
    expect(PAGE).toBe(renderCatalogue(PAGE, CATALOGUE));
  });

  it('names every flag and every verdict', () => {
    const usage = PAGE.slice(0, PAGE.indexOf('## The catalogue'));
    for (const flag of Object.keys(CONFORMANCE_FLAGS)) expect(usage).toContain(`--${flag}`);
    for (const verdict of VERDICTS) expect(usage).toContain(`\`${verdict}\``);
  });
});

describe('the catalogue', () => {
  it('has ids of area, topic and rule, each once', () => {
    const ids = CATALOGUE.map(({ id }) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    expect(ids.filter((id) => !/^[a-z]+(?:\.[a-z0-9]+(?:-[a-z0-9]+)*){2,}$/.test(id))).toEqual([]);
  });

  it('says of each check what is asked, in a sentence, and where that comes from', () => {
    const mute = CATALOGUE.filter(
      ({ requirement, source }) => !/^\S.*\.(?: \([^()]+\))?$/.test(requirement) || source.trim() === '',
    );
    expect(mute.map(({ id }) => id)).toEqual([]);
  });

  it('is of known areas', () => {
    const areas = 'wire zstd responses chat messages translate codex errors security cache'.split(' ');
    expect([...new Set(CATALOGUE.map(areaOf))].filter((area) => !areas.includes(area))).toEqual([]);
  });
});

it('renderCatalogue escapes what would be markup, and keeps code', () => {
  const check = {
    id: 'wire.a.b',
    requirement: 'A `|_x_` and *b* | <c>.',
    source: 'S',
    level: 'must',
    profiles: ['codex'],
  };
  const page = 'a\n<!-- catalogue: written by `npm run conformance:docs` -->old<!-- end of the catalogue -->\nz';
  const text = renderCatalogue(page, [check as unknown as Check]);
  expect(text).toContain('| `wire.a.b` | A `\\|_x_` and \\*b\\* \\| \\<c\\>. | must | codex | S |\n');
  expect(text).toMatch(/^a\n[\s\S]*1 check: 1 must\.[\s\S]*\nz$/);
  expect(text).not.toContain('old');
});
