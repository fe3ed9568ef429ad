import type { CsvTable, FileProblem } from './csv-table.ts';

export type ImportKind = 'parts' | 'stock';
export const importKinds = ['parts', 'stock'] as const;

/** What a column of a file may hold. `readOnly`: exported, but nothing that a file could change. */
const known = {
  parts: {
    sku: ['sku', 'codigo', 'code', 'part', 'partnumber', 'clave'],
    name: ['name', 'nombre'],
    description: ['description', 'descripcion'],
    unit: ['unit', 'unidad', 'uom', 'unidaddemedida'],
    category: ['category', 'categoria'],
    reorderPoint: ['reorderpoint', 'reorderat', 'puntodereorden', 'puntodepedido', 'minimo', 'minimum'],
    unitCost: ['unitcost', 'cost', 'price', 'costounitario', 'costo', 'precio'],
    barcode: ['barcode', 'codigodebarras', 'ean', 'upc'],
    manufacturerPartNumber: [
      'manufacturerpartnumber',
      'manufacturersnumber',
      'mpn',
      'numerodefabricante',
      'numerodeparte',
    ],
    supplier: ['supplier', 'vendor', 'proveedor'],
    leadTimeDays: ['leadtimedays', 'leadtime', 'plazodeentrega', 'diasdeentrega'],
    externalId: ['externalid', 'idexterno'],
    locationMinimums: ['locationminimums'],
    archived: ['archived', 'archivado'],
    readOnly: [
      'id',
      'onhand',
      'existencias',
      'createdat',
      'updatedat',
      'averagecost',
      'costopromedio',
      'value',
      'valor',
    ],
  },
  stock: {
    sku: ['sku', 'codigo', 'code', 'part', 'partnumber', 'clave'],
    location: ['location', 'ubicacion', 'almacen', 'warehouse'],
    quantity: ['quantity', 'qty', 'onhand', 'cantidad', 'existencias', 'stock', 'counted', 'contado'],
    note: ['note', 'nota', 'notes', 'notas'],
    readOnly: ['partid', 'locationid', 'unit', 'unidad', 'value', 'valor', 'name', 'nombre'],
  },
} as const satisfies Record<ImportKind, Record<string, readonly string[]>>;

export type PartColumn = Exclude<keyof typeof known.parts, 'readOnly'>;
export type StockColumn = Exclude<keyof typeof known.stock, 'readOnly'>;
export type ImportColumn = PartColumn | StockColumn;

const required: Record<ImportKind, ImportColumn[]> = { parts: ['sku'], stock: ['sku', 'location', 'quantity'] };

/** Which field each column of the file holds, by its heading in English or Spanish. */
export interface FoundColumns<Column extends string> {
  columns: { index: number; heading: string; field: Column }[];
  /** Headings that nothing is taken from: unknown, and those that a file cannot change. */
  unknown: string[];
  readOnly: string[];
}

export function findColumns(kind: 'parts', table: CsvTable): FoundColumns<PartColumn> | FileProblem;
export function findColumns(kind: 'stock', table: CsvTable): FoundColumns<StockColumn> | FileProblem;
export function findColumns(kind: ImportKind, { headers }: CsvTable): FoundColumns<ImportColumn> | FileProblem {
  const fields: [string, readonly string[]][] = Object.entries(known[kind]);
  const names = new Map(fields.flatMap(([field, words]) => words.map((word): [string, string] => [word, field])));
  const found: FoundColumns<ImportColumn> = { columns: [], unknown: [], readOnly: [] };
  for (const [index, heading] of headers.entries()) {
    const field = names.get(plain(heading));
    if (field === 'readOnly') found.readOnly.push(heading);
    else if (isColumn(kind, field)) {
      if (found.columns.some((column) => column.field === field)) return { problem: 'columnTwice', column: heading };
      found.columns.push({ index, heading, field });
    } else if (heading !== '') found.unknown.push(heading);
  }
  const missing = required[kind].find((field) => !found.columns.some((column) => column.field === field));
  return missing === undefined ? found : { problem: 'missingColumn', column: missing };
}

const isColumn = (kind: ImportKind, field: string | undefined): field is ImportColumn =>
  field !== undefined && field in known[kind];

/** A heading as it is compared: letters and digits, without accents. */
const plain = (heading: string) =>
  heading
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
