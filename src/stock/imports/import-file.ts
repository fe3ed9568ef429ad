import type { Connection } from '../../db/database.ts';
import type { Actor } from '../../organizations/actor.ts';
import { type FoundColumns, findColumns, type ImportColumn, type ImportKind } from './columns.ts';
import { type CsvTable, type FileProblem, isProblem, readCsvTable } from './csv-table.ts';
import { byLine, type Fault, type ImportCounts } from './fault.ts';
import { importParts, previewParts } from './import-parts.ts';
import { importStock, previewStock } from './import-stock.ts';
import type { NumberStyle } from './number-style.ts';
import { readPartRows } from './read-parts.ts';
import { readStockRows } from './read-stock.ts';

interface Deps {
  db: Connection;
  actor: Actor;
}

interface ImportFile {
  kind: ImportKind;
  content: Buffer;
}

/** What a file holds, and what would come of it. */
export interface ImportPreview {
  table: CsvTable;
  found: FoundColumns<ImportColumn>;
  numbers: NumberStyle;
  /** Of the rows that nothing is wrong with. */
  counts: ImportCounts;
  /** By line. With any nothing can be imported. */
  faults: Fault[];
}

/** Says what importing a file would come to, and writes nothing. */
export async function previewImport(deps: Deps, file: ImportFile): Promise<ImportPreview | FileProblem> {
  const read = readFile(file);
  if (isProblem(read)) return read;
  const { table, found, numbers } = read;
  const { counts, faults } =
    read.kind === 'parts' ? await previewParts(deps, read.rows) : await previewStock(deps, read.rows);
  return { table, found, numbers, counts, faults: [...read.faults, ...faults].sort(byLine) };
}

/** Imports a file whole, in the caller's transaction; undefined when something is wrong with it. Throws what a row is refused for. */
export async function importFile(
  deps: Deps,
  file: ImportFile,
): Promise<{ counts: ImportCounts; deliveries: number } | undefined> {
  const read = readFile(file);
  if (isProblem(read) || read.faults.length > 0) return undefined;
  return read.kind === 'parts' ? importParts(deps, read.rows) : importStock(deps, read.rows);
}

function readFile({ kind, content }: ImportFile) {
  const table = readCsvTable(content);
  if (isProblem(table)) return table;
  if (kind === 'parts') {
    const found = findColumns(kind, table);
    return isProblem(found) ? found : { kind, table, found, ...readPartRows(table, found) };
  }
  const found = findColumns(kind, table);
  return isProblem(found) ? found : { kind, table, found, ...readStockRows(table, found) };
}
