import { sql } from 'kysely';
import type { List } from '../../http/list.ts';
import { type MovementFilter, type MovementRow, movementList } from '../../stock/movements/list-movements.ts';
import type { StockFilter } from '../../stock/read-filters.ts';

/** A row of the ledger with what people want to know beside it. */
export interface LedgerRow extends MovementRow {
  part_name: string;
  /** Who recorded it: a person, or a key by its name or last characters; neither: the command line. */
  person: string | null;
  api_key: string | null;
  /** The movement that took this one back. */
  reversed_by_id: string | null;
}

/** The orders that its pages have. */
export const ledgerSorts = ['-id'];

/** The ledger as `/movements` of the API lists it, with who wrote each row. An undefined stock filter matches nothing. */
export function ledgerOf(
  organizationId: number,
  stock: StockFilter | undefined,
  filter: MovementFilter,
): List<LedgerRow> {
  const { rows, ...list } = movementList(organizationId, stock, filter);
  return {
    ...list,
    rows: {
      ...rows,
      columns: sql`${rows.columns}, part.name as part_name,
        (select person.name from person where person.id = m.person_id) as person,
        (select coalesce(api_key.name, '…' || api_key.last_four) from api_key where api_key.id = m.api_key_id) as api_key,
        (select r.id from movement r where r.reverses_id = m.id) as reversed_by_id`,
    },
  };
}
