import type { CsvTable } from './csv-table.ts';
import type { Fault } from './fault.ts';

/** The rows that could be read, each thing once: a second row about it is a fault that names the first. */
export function eachOnce<Row extends { line: number }>(
  read: (Row | Fault)[],
  keyOf: (row: Row) => string,
  culprit: (row: Row) => Pick<Fault, 'field' | 'value'>,
): { rows: Row[]; faults: Fault[] } {
  const rows: Row[] = [];
  const faults: Fault[] = [];
  const firstLines = new Map<string, number>();
  for (const row of read) {
    if ('reason' in row) {
      faults.push(row);
      continue;
    }
    const first = firstLines.get(keyOf(row));
    if (first === undefined) rows.push(row);
    else faults.push({ line: row.line, ...culprit(row), reason: { kind: 'repeated', line: first } });
    firstLines.set(keyOf(row), first ?? row.line);
  }
  return { rows, faults };
}

/** What stands in the columns of numbers. */
export const numericTexts = (
  { rows }: CsvTable,
  columns: { index: number; field: string }[],
  fields: readonly string[],
): string[] => {
  const indexes = columns.filter(({ field }) => fields.includes(field)).map(({ index }) => index);
  return rows.flatMap(({ cells }) => indexes.map((index) => cells[index]?.text ?? '')).filter((text) => text !== '');
};
