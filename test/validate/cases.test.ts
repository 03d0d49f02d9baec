import { describe, expect, it } from 'vitest';
import { validateDocument } from '../../src/validate/document.ts';
import type { Finding, Profile } from '../../src/validate/findings.ts';
import { ROOTS } from '../../src/validate/profiles.ts';
import { readCases } from '../helpers/schema-cases.ts';

const PROFILES: readonly Profile[] = ['strict', 'tolerant', 'codex'];

function write(finding: Finding): string {
  const event = finding.event === undefined ? '' : `event ${finding.event} `;
  return `${finding.severity} ${finding.rule} ${event}${finding.pointer || '(whole)'}: ${finding.message}`;
}

const cases = readCases().map((sample) => ({ name: `${sample.root}: ${sample.description}`, ...sample }));

describe('the cases of fixtures/schema-cases', () => {
  it('cover every root', () => {
    expect([...new Set(cases.map(({ root }) => root))].sort()).toEqual(Object.keys(ROOTS).sort());
  });

  it('hold a good and a bad document for every root', () => {
    for (const root of Object.keys(ROOTS)) {
      const own = cases.filter((sample) => sample.root === root);
      expect(
        own.some(({ valid }) => valid.length === PROFILES.length),
        `${root} has a good one`,
      ).toBe(true);
      expect(
        own.some(({ valid }) => valid.length < PROFILES.length),
        `${root} has a bad one`,
      ).toBe(true);
    }
  });

  it.each(cases)('$name', ({ root, data, text, valid, findings }) => {
    const document = text ?? JSON.stringify(data);
    const found = Object.fromEntries(PROFILES.map((profile) => [profile, validateDocument(root, document, [profile])]));
    for (const profile of PROFILES) expect(found[profile]?.map(write), profile).toEqual(findings[profile] ?? []);
    const without = PROFILES.filter((profile) => !found[profile]?.some(({ severity }) => severity === 'error'));
    expect(without).toEqual(valid);
  });
});
