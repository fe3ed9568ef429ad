import { sql } from 'kysely';
import { tidyName } from '../fold-name.ts';
import type { Sql } from './keyset.ts';

/** What PostgreSQL cannot hold as text was never stored. */
export const isStorable = (text: string) => !text.includes('\0') && text.isWellFormed();

export const nothing: Sql = sql`false`;

/** The column holds this text, as one line of text is stored: trimmed, NFC. */
export const is = (column: Sql, text: string): Sql => (isStorable(text) ? sql`${column} = ${tidyName(text)}` : nothing);

/** One of the columns holds this text somewhere, whatever its case. */
export function contains(columns: Sql[], text: string): Sql {
  if (!isStorable(text)) return nothing;
  const pattern = `%${tidyName(text).replace(/[\\%_]/g, '\\$&')}%`;
  return sql`(${sql.join(
    columns.map((column) => sql`${column} ilike ${pattern}`),
    sql` or `,
  )})`;
}

/** The conditions of the filters that were given; a function makes one of a filter's value. */
export function conditionsOf<Filter extends object>(
  filter: Filter,
  make: { [Name in keyof Filter]-?: (value: NonNullable<Filter[Name]>) => Sql },
): Sql[] {
  const conditions: Sql[] = [];
  for (const name in make) {
    const value = filter[name];
    if (value !== undefined && value !== null) conditions.push(make[name](value));
  }
  return conditions;
}
