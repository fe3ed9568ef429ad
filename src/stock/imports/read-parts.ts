import { Decimal } from 'decimal.js';
import { foldName } from '../../fold-name.ts';
import { missing } from '../../http/fields.ts';
import { NumberLiteral, parseJson } from '../../http/json.ts';
import { withoutNulls } from '../../http/validate.ts';
import type { PartItem } from '../parts/batch.ts';
import { clearable, PartPatch } from '../parts/schema.ts';
import type { FoundColumns, PartColumn } from './columns.ts';
import type { CsvCell, CsvRow, CsvTable } from './csv-table.ts';
import type { Fault } from './fault.ts';
import { type NumberStyle, numberStyleOf, readStyled } from './number-style.ts';
import { eachOnce, numericTexts } from './rows.ts';

export interface PartRow {
  line: number;
  item: PartItem;
}

const numeric: PartColumn[] = ['reorderPoint', 'unitCost', 'leadTimeDays'];

/**
 * Reads rows as items of `PUT /parts/batch`. An empty cell clears what can be cleared; of what is not a column, a part keeps
 * what it has. Money is in dollars; in a column that is headed `unitCost`, as the export has it, in cents.
 */
export function readPartRows(
  table: CsvTable,
  { columns }: FoundColumns<PartColumn>,
): { rows: PartRow[]; faults: Fault[]; numbers: NumberStyle } {
  const numbers = numberStyleOf(numericTexts(table, columns, numeric), table.delimiter);
  const width = table.headers.length;
  const read = table.rows.map((row) => readRow(row, { columns, numbers, width }));
  const sku = ({ item }: PartRow) => ({ field: 'sku' as const, value: String(item.body.sku) });
  return { ...eachOnce(read, ({ item }) => item.skuKey, sku), numbers };
}

interface Reading {
  columns: FoundColumns<PartColumn>['columns'];
  numbers: NumberStyle;
  width: number;
}

function readRow({ line, cells }: CsvRow, { columns, numbers, width }: Reading): PartRow | Fault {
  if (cells.length > width) return { line, reason: { kind: 'cells', count: cells.length, expected: width } };
  const body: Record<string, unknown> = {};
  const texts = new Map<string, string>();
  for (const { index, heading, field } of columns) {
    const cell = cells[index] ?? { text: '', isQuoted: false };
    texts.set(field, cell.text);
    const value = cellValue(cell, { field, isCents: heading === 'unitCost', numbers });
    if (value !== undefined) body[field] = value;
  }
  if (body.sku === undefined) return { line, field: 'sku', reason: { kind: 'field', predicate: missing } };
  const judged = PartPatch.safeParse(withoutNulls(body));
  if (judged.success) return { line, item: { skuKey: foldName(String(body.sku)), body } };
  const [issue] = judged.error.issues;
  const field = columns.find((column) => column.field === issue?.path[0])?.field;
  const value = field && texts.get(field);
  return { line, field, value, reason: { kind: 'field', predicate: issue?.message ?? missing } };
}

/** What the API's body would hold; null clears, undefined says nothing. */
function cellValue(
  { text, isQuoted }: CsvCell,
  { field, isCents, numbers }: { field: PartColumn; isCents: boolean; numbers: NumberStyle },
): unknown {
  if (field === 'description' && text === '' && isQuoted) return '';
  if (text.trim() === '') return clearable.some((name) => name === field) ? null : undefined;
  switch (field) {
    case 'reorderPoint':
    case 'leadTimeDays':
      return readStyled(numbers, text);
    case 'unitCost':
      return isCents ? readStyled(numbers, text) : inCents(readStyled(numbers, text.replace('$', '')));
    case 'archived':
      return asFlag(text);
    case 'locationMinimums':
      return asJson(text);
    default:
      return text;
  }
}

const inCents = (amount: NumberLiteral | string) =>
  amount instanceof NumberLiteral ? new NumberLiteral(new Decimal(amount.source).times(100).toFixed()) : amount;

const flags: Record<string, boolean> = {
  true: true,
  yes: true,
  sí: true,
  si: true,
  '1': true,
  verdadero: true,
  false: false,
  no: false,
  '0': false,
  falso: false,
};

const asFlag = (text: string): boolean | string => flags[text.trim().toLowerCase()] ?? text;

/** A list as the export writes it; anything else stays text, and is refused as none. */
function asJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
