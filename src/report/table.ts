import { padText, textWidth, truncateText } from './text.ts';

/** One column of a table. */
export interface Column<Row> {
  title: string;
  value(row: Row): string;
  align?: 'left' | 'right';
  /** Colours for a cell that has already been cut and filled. */
  paint?(cell: string, row: Row): string;
  /** When the table is too wide, columns with a number here go, the highest first. */
  drop?: number;
  /** Takes what the other columns leave, cut to it, but at least `min` columns; one a table. */
  flexible?: { min: number };
}

const GAP = '  ';

/**
 * Lines of a table: titles, then one line a row. A column without a value in any row is left out.
 * @param width columns of the terminal; undefined: as wide as need be
 */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | undefined,
  paintTitle: (text: string) => string = (text) => text,
): string[] {
  const filled = columns.map((column) => measure(column, rows)).filter((measured) => measured.used);
  const shown = width === undefined ? filled : fitColumns(filled, width);
  const line = (cell: (column: Measured<Row>) => string): string => shown.map(cell).join(GAP).trimEnd();
  return [
    paintTitle(line(({ column, columns: size }) => padText(truncateText(column.title, size), size, column.align))),
    ...rows.map((row, i) =>
      line(({ column, cells, columns: size }) => {
        const cell = padText(truncateText(cells[i]!, size), size, column.align);
        return column.paint ? column.paint(cell, row) : cell;
      }),
    ),
  ];
}

interface Measured<Row> {
  column: Column<Row>;
  cells: string[];
  /** Width in terminal columns. */
  columns: number;
  used: boolean;
}

function measure<Row>(column: Column<Row>, rows: readonly Row[]): Measured<Row> {
  const cells = rows.map((row) => column.value(row));
  const columns = cells.reduce((widest, cell) => Math.max(widest, textWidth(cell)), textWidth(column.title));
  return { column, cells, columns, used: rows.length === 0 || cells.some((cell) => cell !== '') };
}

function fitColumns<Row>(columns: readonly Measured<Row>[], width: number): Measured<Row>[] {
  const least = (list: readonly Measured<Row>[]): number =>
    list.reduce((sum, { column, columns: size }) => sum + Math.min(size, column.flexible?.min ?? size), 0) +
    GAP.length * (list.length - 1);
  let shown = [...columns];
  while (least(shown) > width) {
    const first = Math.max(...shown.map(({ column }) => column.drop ?? 0));
    if (first === 0) break;
    shown = shown.filter(({ column }) => column.drop !== first);
  }
  const spare = width - least(shown);
  if (spare < 0) shown = cutWidest(shown, -spare);
  return shown.map((measured) => {
    const { min } = measured.column.flexible ?? {};
    if (min === undefined) return measured;
    return { ...measured, columns: Math.min(measured.columns, Math.min(measured.columns, min) + Math.max(0, spare)) };
  });
}

/** Below this a column says nothing any more. */
const LEAST = 8;

/** The last resort: the widest of the columns that are not flexible gives way. */
function cutWidest<Row>(columns: readonly Measured<Row>[], excess: number): Measured<Row>[] {
  const fixed = columns.filter(({ column }) => column.flexible === undefined);
  const widest = fixed.reduce((best, one) => (one.columns > best.columns ? one : best), fixed[0]!);
  const size = Math.max(Math.min(LEAST, widest.columns), widest.columns - excess);
  return columns.map((measured) => (measured === widest ? { ...measured, columns: size } : measured));
}
