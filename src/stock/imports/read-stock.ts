import { z } from 'zod';
import { foldName } from '../../fold-name.ts';
import { idOrName, missing, nonNegativeQuantity, text } from '../../http/fields.ts';
import { locationField, partField, readReference } from '../movements/reference.ts';
import type { NewMovement } from '../movements/schema.ts';
import type { FoundColumns, StockColumn } from './columns.ts';
import type { CsvRow, CsvTable } from './csv-table.ts';
import type { Fault } from './fault.ts';
import { type NumberStyle, numberStyleOf, readStyled } from './number-style.ts';
import { eachOnce, numericTexts } from './rows.ts';

export interface StockRow {
  line: number;
  skuKey: string;
  locationKey: string;
  /** The quantity as a decimal string. */
  quantity: string;
  /** The count that makes the books say so. */
  movement: NewMovement;
}

const Row = z.object({
  sku: idOrName,
  location: idOrName,
  quantity: nonNegativeQuantity,
  note: text(2_000).optional(),
});

/** Reads rows as counts: what a file says of a part at a location becomes what is on hand there. */
export function readStockRows(
  table: CsvTable,
  { columns }: FoundColumns<StockColumn>,
): { rows: StockRow[]; faults: Fault[]; numbers: NumberStyle } {
  const numbers = numberStyleOf(numericTexts(table, columns, ['quantity']), table.delimiter);
  const width = table.headers.length;
  const read = table.rows.map((row) => readRow(row, { columns, numbers, width }));
  const keyOf = ({ skuKey, locationKey }: StockRow) => JSON.stringify([skuKey, locationKey]);
  return { ...eachOnce(read, keyOf, () => ({ field: 'sku' })), numbers };
}

interface Reading {
  columns: FoundColumns<StockColumn>['columns'];
  numbers: NumberStyle;
  width: number;
}

function readRow({ line, cells }: CsvRow, { columns, numbers, width }: Reading): StockRow | Fault {
  if (cells.length > width) return { line, reason: { kind: 'cells', count: cells.length, expected: width } };
  const texts = new Map(columns.map(({ index, field }) => [field, cells[index]?.text ?? '']));
  const body: Record<string, unknown> = {};
  for (const [field, text] of texts) {
    if (text.trim() !== '') body[field] = field === 'quantity' ? readStyled(numbers, text) : text;
  }
  const judged = Row.safeParse(body);
  if (!judged.success) {
    const [issue] = judged.error.issues;
    const field = columns.find((column) => column.field === issue?.path[0])?.field;
    return {
      line,
      field,
      value: field && texts.get(field),
      reason: { kind: 'field', predicate: issue?.message ?? missing },
    };
  }
  const { quantity, note } = judged.data;
  const [sku, location] = [String(judged.data.sku), String(judged.data.location)];
  return {
    line,
    skuKey: foldName(sku),
    locationKey: foldName(location),
    quantity,
    movement: {
      kind: 'count',
      // In a file a sku or name that is all digits is never an id.
      part: { ...readReference(partField, sku, undefined), digits: undefined },
      location: { ...readReference(locationField, location, undefined), digits: undefined },
      to: undefined,
      quantity,
      note,
    },
  };
}
