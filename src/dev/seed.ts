import type { Pool } from 'pg';
import { foldName } from '../fold-name.ts';
import { createApiKey } from '../organizations/api-key.ts';
import { createOrganization } from '../organizations/organization.ts';

const parts = [
  { sku: 'FLT-1042', name: 'Oil filter, spin-on', unit: 'ea', reorderPoint: 4 },
  { sku: 'BRG-6204', name: 'Deep groove bearing 6204-2RS', unit: 'ea', reorderPoint: 6 },
  { sku: 'OIL-15W40', name: 'Engine oil 15W-40', unit: 'L', reorderPoint: 10 },
];
const locations = ['Taller Norte', 'Almacén Central', 'Camioneta de Alice'];

/**
 * Fills an empty database with the world of the published examples (part 3 is OIL-15W40, location 2 Almacén Central) and
 * answers a fresh read & write key; undefined when there is an organization already.
 */
export async function seed({ pool }: { pool: Pool }): Promise<string | undefined> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('lock table organization in exclusive mode');
    const { rowCount } = await client.query('select 1 from organization limit 1');
    const key = rowCount === 0 ? await seedWorld(client) : undefined;
    await client.query('commit');
    return key;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

async function seedWorld(client: Pick<Pool, 'query'>): Promise<string> {
  const { id: organizationId } = await createOrganization({ pool: client }, 'Example Maintenance');
  for (const { sku, name, unit, reorderPoint } of parts) {
    await client.query(
      'insert into part (organization_id, sku, sku_key, name, unit, reorder_point) values ($1, $2, $3, $4, $5, $6)',
      [organizationId, sku, foldName(sku), name, unit, reorderPoint],
    );
  }
  for (const name of locations) {
    await client.query('insert into location (organization_id, name, name_key) values ($1, $2, $3)', [
      organizationId,
      name,
      foldName(name),
    ]);
  }
  const { key } = await createApiKey({ pool: client }, { organizationId, scope: 'write', name: 'First key' });
  return key;
}
