import { stringify } from 'csv-stringify/sync';

/**
 * Rows as CSV by RFC 4180, in UTF-8: null is an empty field and an empty text a quoted one, lists and objects are JSON. Values
 * stand as they are, also where a spreadsheet would take one for a formula: what is exported can be imported again.
 */
export const csvOf = (rows: object[], columns: readonly string[], { header }: { header: boolean }): string =>
  stringify(rows, {
    columns: [...columns],
    header,
    record_delimiter: '\r\n',
    cast: {
      boolean: (value) => String(value),
      string: (value) => (value === '' ? { value, quoted_empty: true } : value),
    },
  });
