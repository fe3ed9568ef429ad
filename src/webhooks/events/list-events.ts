import { sql } from 'kysely';
import type { Queryable } from '../../db/database.ts';
import { query } from '../../db/keyset.ts';
import { badRequest } from '../../errors.ts';
import type { List } from '../../http/list.ts';
import { type EventType, everyEventType } from '../event-types.ts';
import { eventBody } from './event-body.ts';

interface EventRow {
  id: string;
  organization_id: string;
  type: string;
  data: object;
  movement_id: string | null;
  api_key_id: string | null;
  created_at: string;
}

const sorts = {
  sequence: { key: [{ sql: sql`event.position`, type: 'number' }], settled: settledEvents },
} satisfies List<EventRow>['sorts'];

/** An organization's events as webhooks send them, in the order in which they were committed. */
export const eventList = (organizationId: number, types: readonly EventType[]): List<EventRow> => ({
  name: 'events',
  sorts,
  defaultSort: 'sequence',
  defaultLimit: 100,
  cursorParameter: 'after',
  rows: {
    columns: sql`id, organization_id, type, data, movement_id, api_key_id, created_at`,
    from: sql`event`,
    where: [sql`organization_id = ${organizationId} and type = any (${[...types]}::text[])`],
  },
  present: presentEvent,
  columns: shownColumns,
});

/** The types that a comma-separated list names. Throws 400 for an unknown one. */
export function readEventTypes(text: string | undefined): readonly EventType[] {
  if (text === undefined) return everyEventType;
  return text.split(',').map((name) => {
    const type = everyEventType.find((known) => known === name.trim());
    if (type === undefined) throw badRequest(`\`types\` must be some of ${everyEventType.join(', ')}, by comma.`);
    return type;
  });
}

/** Beside the body, what a webhook says in headers: `webhook-id`, `X-MK-Movement`, `X-MK-Key`. */
const presentEvent = (row: EventRow) => ({
  id: row.id,
  movementId: row.movement_id === null ? null : Number(row.movement_id),
  apiKeyId: row.api_key_id === null ? null : Number(row.api_key_id),
  body: eventBody({
    type: row.type,
    organizationId: Number(row.organization_id),
    createdAt: new Date(row.created_at),
    data: row.data,
  }),
});

const shownColumns = ['id', 'movementId', 'apiKeyId', 'body'] as const satisfies (keyof ReturnType<
  typeof presentEvent
>)[];

async function settledEvents(deps: { pool: Queryable }): Promise<number> {
  const [row] = await query<{ position: string }>(deps, sql`select settled_events() as position`);
  return Number(row?.position);
}
