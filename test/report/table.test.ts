import { describe, expect, it } from 'vitest';
import { type Column, formatTable } from '../../src/report/table.ts';
import { textWidth } from '../../src/report/text.ts';

interface Row {
  name: string;
  size: number;
  note: string;
}

const COLUMNS: Column<Row>[] = [
  { title: 'name', value: (row) => row.name },
  { title: 'size', value: (row) => String(row.size), align: 'right', drop: 1 },
  { title: 'note', value: (row) => row.note, flexible: { min: 5 } },
];
const ROWS: Row[] = [
  { name: '日本', size: 7, note: 'short' },
  { name: 'x', size: 12345, note: 'a long remark' },
];

describe('formatTable', () => {
  it('fills columns by their width on the terminal', () => {
    expect(formatTable(COLUMNS, ROWS, undefined)).toEqual([
      'name   size  note',
      '日本      7  short',
      'x     12345  a long remark',
    ]);
  });

  it('cuts the flexible column first', () => {
    expect(formatTable(COLUMNS, ROWS, 20)).toEqual(['name   size  note', '日本      7  short', 'x     12345  a long…']);
  });

  it('drops columns that may go when that is not enough', () => {
    expect(formatTable(COLUMNS, ROWS, 14)).toEqual(['name  note', '日本  short', 'x     a long …']);
  });

  it.each([14, 16, 18, 20, 24, 40])('keeps to %d columns', (width) => {
    for (const line of formatTable(COLUMNS, ROWS, width)) expect(textWidth(line)).toBeLessThanOrEqual(width);
  });

  it('leaves out a column without values, and keeps the titles of an empty table', () => {
    const rows = ROWS.map((row) => ({ ...row, note: '' }));
    expect(formatTable(COLUMNS, rows, undefined)[0]).toBe('name   size');
    expect(formatTable(COLUMNS, [], undefined)).toEqual(['name  size  note']);
  });

  it('paints after it has filled', () => {
    const painted = COLUMNS.map((column) => ({ ...column, paint: (cell: string) => `<${cell}>` }));
    expect(formatTable(painted, ROWS, undefined, (title) => title.toUpperCase())).toEqual([
      'NAME   SIZE  NOTE',
      '<日本>  <    7>  <short        >',
      '<x   >  <12345>  <a long remark>',
    ]);
  });
});
