import { csvOf } from '../../http/csv.ts';
import type { ImportKind } from '../../stock/imports/columns.ts';
import type { Visitor } from '../visit.ts';

const fieldsOf = {
  parts: ['sku', 'name', 'unit', 'category', 'reorderPoint', 'unitCost', 'barcode', 'supplier', 'description'],
  stock: ['sku', 'location', 'quantity', 'note'],
} as const satisfies Record<ImportKind, string[]>;

/** What the example's row holds in any language. */
const codes = { sku: 'FLT-1042', unit: 'ea', reorderPoint: '4', unitCost: '18.50', quantity: '12' };

/** A file to fill in, its headings in the reader's language, with one row to show how. The mark in front tells Excel that it is UTF-8. */
export function templateOf({ t }: Pick<Visitor, 't'>, kind: ImportKind): string {
  const { columns } = t.imports;
  const example: Record<string, string> = { ...codes, ...t.imports.example };
  const row = Object.fromEntries(fieldsOf[kind].map((field) => [columns[field] ?? field, example[field] ?? '']));
  return `\uFEFF${csvOf([row], Object.keys(row), { header: true })}`;
}
