import { CsvError, parse } from 'csv-parse/sync';

/** So many rows of data fit into one import. */
export const maxImportRows = 10_000;
export const maxImportBytes = 8 * 1024 * 1024;
/** More than any table of parts has, and few enough that a file of nothing but commas holds nobody up. */
export const maxImportColumns = 200;

export interface CsvTable {
  encoding: 'UTF-8' | 'UTF-16' | 'Windows-1252';
  delimiter: Delimiter;
  headers: string[];
  rows: CsvRow[];
}

export interface CsvRow {
  /** Of the file, from 1; of a row that spans several the last one. */
  line: number;
  cells: CsvCell[];
}

export interface CsvCell {
  text: string;
  /** In quotes: an empty one then means an empty text, not nothing. */
  isQuoted: boolean;
}

/** Why a file as a whole cannot be read. */
export type FileProblem =
  | { problem: 'empty' | 'tooManyRows' | 'tooManyColumns' | 'workbook' }
  | { problem: 'malformed'; line: number }
  | { problem: 'missingColumn' | 'columnTwice'; column: string };

const delimiters = [',', ';', '\t'] as const;
export type Delimiter = (typeof delimiters)[number];

const maxRecordBytes = 200_000;

/** Reads a file as spreadsheets write it: comma, semicolon or tab; UTF-8, UTF-16, or Windows-1252 where it is neither. */
export function readCsvTable(bytes: Buffer): CsvTable | FileProblem {
  if (isWorkbook(bytes)) return { problem: 'workbook' };
  const { text, encoding } = decode(bytes);
  const delimiter = delimiterOf(text);
  try {
    const records = recordsOf(text, delimiter);
    const [header, ...rows] = records.filter(({ cells }) => cells.some(({ text }) => text.trim() !== ''));
    if (header === undefined || rows.length === 0) return { problem: 'empty' };
    if (rows.length > maxImportRows) return { problem: 'tooManyRows' };
    return {
      encoding,
      delimiter,
      headers: header.cells.map(({ text }) => text.trim()),
      rows,
    };
  } catch (error) {
    if (error === tooWide) return { problem: 'tooManyColumns' };
    if (!(error instanceof CsvError)) throw error;
    return { problem: 'malformed', line: Number(error.lines ?? 0) };
  }
}

const tooWide = new Error('A row has more cells than an import takes.');

/** A file of Excel's or LibreOffice's own, which is a zip archive, or the older kind. */
const isWorkbook = (bytes: Buffer) => ['504b0304', 'd0cf11e0'].includes(bytes.subarray(0, 4).toString('hex'));

/** The header's row and at most one row more than an import takes. */
function recordsOf(text: string, delimiter: Delimiter): CsvRow[] {
  const records: CsvRow[] = [];
  let cells: CsvCell[] = [];
  parse(text, {
    delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    to: maxImportRows + 2,
    max_record_size: maxRecordBytes,
    cast: (value, { quoting }) => {
      if (cells.length === maxImportColumns) throw tooWide;
      cells.push({ text: value, isQuoted: quoting });
      return value;
    },
    on_record: (record, { lines }) => {
      records.push({ line: lines, cells });
      cells = [];
      return record;
    },
  });
  return records;
}

export const isProblem = (result: object): result is FileProblem => 'problem' in result;

function decode(bytes: Buffer): Pick<CsvTable, 'encoding'> & { text: string } {
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff') {
    return { encoding: 'UTF-16', text: new TextDecoder(mark === 'fffe' ? 'utf-16le' : 'utf-16be').decode(bytes) };
  }
  try {
    return { encoding: 'UTF-8', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { encoding: 'Windows-1252', text: new TextDecoder('windows-1252').decode(bytes) };
  }
}

/** The one that the header line has most of, outside of quotes. */
function delimiterOf(text: string): Delimiter {
  const line = (/^[\r\n]*([^\r\n]*)/.exec(text)?.[1] ?? '').replaceAll(/"[^"]*"/g, '');
  const counts = delimiters.map((delimiter) => line.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ',';
}
