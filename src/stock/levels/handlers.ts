import type { Context } from 'koa';
import type { Pool } from 'pg';
import type { Services } from '../../app.ts';
import { keyOf } from '../../http/auth.ts';
import { answerList, type List, pagingParameters } from '../../http/list.ts';
import { readStockFilter, readStockQuery, type StockFilter } from '../read-filters.ts';

export function levelHandlers({ db }: Services) {
  return {
    async list(ctx: Context) {
      const query = readStockQuery(ctx, pagingParameters);
      const { organizationId } = keyOf(ctx);
      await answerList(ctx, levelList(db, organizationId, await readStockFilter(db, organizationId, query)), query);
    },
  };
}

interface LevelRow {
  part_id: string;
  sku: string;
  location_id: string;
  location: string;
  on_hand: string;
  unit: string;
}

/** One row for each part × location that has a movement, zeros included. An undefined filter matches nothing. */
function levelList({ pool }: { pool: Pool }, organizationId: number, filter: StockFilter | undefined): List<LevelRow> {
  return {
    positionLength: 2,
    positionOf: (row) => [Number(row.part_id), Number(row.location_id)],
    present: presentLevel,
    page: async (after, limit) => {
      if (filter === undefined) return [];
      const { rows } = await pool.query<LevelRow>(
        `select level.part_id, part.sku, level.location_id, location.name as location, level.on_hand, part.unit
         from stock_level level
         join part on part.id = level.part_id
         join location on location.id = level.location_id
         where level.organization_id = $1 and (level.part_id, level.location_id) > ($2, $3)
           and ($5::bigint is null or level.part_id = $5)
           and ($6::bigint is null or level.location_id = $6)
         order by level.organization_id, level.part_id, level.location_id limit $4`,
        [organizationId, after?.[0] ?? 0, after?.[1] ?? 0, limit, filter.partId, filter.locationId],
      );
      return rows;
    },
  };
}

function presentLevel(row: LevelRow) {
  return {
    partId: Number(row.part_id),
    sku: row.sku,
    locationId: Number(row.location_id),
    location: row.location,
    onHand: Number(row.on_hand),
    unit: row.unit,
  };
}
