import { describe, expect, it } from 'vitest';
import { allPlaces, computeCoverage, DETAILS, PLACES } from './coverage/sections.ts';

const SECTIONS = computeCoverage();

describe('every type that the schemas know', () => {
  it.each(SECTIONS.map((section) => [`${section.protocol}: ${section.title}`, section] as const))(
    '%s',
    (_name, section) => {
      expect(section.rows.length).toBeGreaterThan(1);
      const faults = section.rows.flatMap(({ name, cells }) =>
        cells.flatMap(({ to, cell }) => cell.silent.map((what) => `${name} to ${to}: ${what}`)),
      );
      expect(faults).toEqual([]);
    },
  );

  it('has a cell in every direction, and each says what becomes of it', () => {
    const cells = SECTIONS.flatMap(({ rows }) => rows.flatMap((row) => row.cells));
    expect(SECTIONS.flatMap(({ rows }) => rows).every((row) => row.cells.length === 2)).toBe(true);
    for (const { cell } of cells) {
      expect(cell.text).toMatch(/^(?:carried(?:, without .+|: .+)?|loss: .+|refused: .+|not applicable: .+)$/s);
    }
    expect(cells.length).toBeGreaterThan(500);
  });
});

it('no union of the schemas is overlooked: each is a part of the table or a detail of a row', () => {
  const unions = [...new Set(allPlaces())].filter((place) => !PLACES.has(place));
  expect(unions.filter((place) => !DETAILS.some((detail) => detail.test(place)))).toEqual([]);
  for (const detail of DETAILS)
    expect(
      unions.some((place) => detail.test(place)),
      String(detail),
    ).toBe(true);
});
