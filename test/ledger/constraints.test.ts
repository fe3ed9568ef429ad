import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { move, newLocation, newPart } from '../api/support.ts';
import { startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ours: { part: number; location: number };
let theirs: { organization: number; part: number; location: number };
beforeAll(async () => {
  api = await startTestApi();
  ours = { part: (await newPart(api)).id, location: (await newLocation(api)).id };
  const organization = await api.createOrganization();
  const key = await api.createKey('write', organization);
  theirs = { organization, part: (await newPart(api, {}, key)).id, location: (await newLocation(api, 'L', key)).id };
  await move(api, { kind: 'receive', partId: ours.part, locationId: ours.location, qty: 5, note: 'first' });
});
afterAll(() => api?.close());

const sql = (text: string, values: unknown[] = []) => api.db.pool.query(text, values);

describe('the ledger is append-only', () => {
  it.each([
    'update movement set qty_delta = 1',
    "update movement set note = 'changed'",
    'update movement set id = id',
    'delete from movement',
    'delete from movement where id = (select max(id) from movement)',
    'truncate movement',
    'truncate movement cascade',
    'truncate part cascade',
    `insert into movement select * from movement on conflict (id) do update set qty_delta = 9`,
  ])('refuses %s', async (statement) => {
    const before = (await sql('select * from movement order by id')).rows;
    await expect(sql(statement)).rejects.toThrow(/append-only|cannot truncate/i);
    expect((await sql('select * from movement order by id')).rows).toEqual(before);
  });

  it('refuses to delete a part or location that has movements', async () => {
    await expect(sql('delete from part where id = $1', [ours.part])).rejects.toMatchObject({ code: '23503' });
    await expect(sql('delete from location where id = $1', [ours.location])).rejects.toMatchObject({ code: '23503' });
  });
});

describe('the database itself refuses a reference across organizations', () => {
  const foreignKey = { code: '23503' };
  const movement = (organization: number, part: number, location: number, apiKey: number | null = null) =>
    sql(
      `insert into movement (organization_id, kind, part_id, location_id, qty_delta, on_hand, value, total_value, api_key_id,
         occurred_at, created_at, hash)
       values ($1, 'receive', $2, $3, 1, 1, 0, 0, $4, now(), now(), '')`,
      [organization, part, location, apiKey],
    );
  const level = (organization: number, part: number, location: number) =>
    sql('insert into stock_level (organization_id, part_id, location_id, on_hand) values ($1, $2, $3, 1)', [
      organization,
      part,
      location,
    ]);

  it('in a movement', async () => {
    await expect(movement(theirs.organization, ours.part, theirs.location)).rejects.toMatchObject(foreignKey);
    await expect(movement(theirs.organization, theirs.part, ours.location)).rejects.toMatchObject(foreignKey);
    await expect(movement(api.organizationId, theirs.part, theirs.location)).rejects.toMatchObject(foreignKey);
    const { rows } = await sql('select id from api_key where organization_id = $1', [api.organizationId]);
    await expect(movement(theirs.organization, theirs.part, theirs.location, rows[0].id)).rejects.toMatchObject(
      foreignKey,
    );
  });

  it('in a stock level', async () => {
    await expect(level(theirs.organization, ours.part, theirs.location)).rejects.toMatchObject(foreignKey);
    await expect(level(theirs.organization, theirs.part, ours.location)).rejects.toMatchObject(foreignKey);
  });

  it('in a delivery', async () => {
    const { rows } = await sql(
      `insert into webhook_endpoint (organization_id, url, events, sealed_secret)
       values ($1, 'https://x', '{part.created}', 's') returning id`,
      [theirs.organization],
    );
    const { rows: events } = await sql('select id from event where organization_id = $1 limit 1', [api.organizationId]);
    for (const organization of [theirs.organization, api.organizationId]) {
      await expect(
        sql(
          `insert into delivery (organization_id, endpoint_id, event_id, due_at, created_at)
           values ($1, $2, $3, now(), now())`,
          [organization, rows[0].id, events[0].id],
        ),
      ).rejects.toMatchObject(foreignKey);
    }
  });

  it('in an event and its movement', async () => {
    const { rows } = await sql('select id from movement where organization_id = $1 limit 1', [api.organizationId]);
    await expect(
      sql(
        `insert into event (id, organization_id, type, data, movement_id, created_at)
         values (gen_random_uuid(), $1, 'stock.movement.created', '{}', $2, now())`,
        [theirs.organization, rows[0].id],
      ),
    ).rejects.toMatchObject(foreignKey);
  });

  it('by moving a part or location to another organization', async () => {
    await expect(
      sql('update part set organization_id = $1 where id = $2', [theirs.organization, ours.part]),
    ).rejects.toMatchObject(foreignKey);
    await expect(
      sql('update location set organization_id = $1 where id = $2', [theirs.organization, ours.location]),
    ).rejects.toMatchObject(foreignKey);
  });
});

describe('the database itself refuses', () => {
  it('a level and a total below zero', async () => {
    await expect(sql('update stock_level set on_hand = -0.000001')).rejects.toMatchObject({ code: '23514' });
    await expect(sql('update part set on_hand = -1 where id = $1', [ours.part])).rejects.toMatchObject({
      code: '23514',
    });
  });

  it('a quantity beyond 999999999.999999', async () => {
    await expect(sql('update stock_level set on_hand = 1000000000')).rejects.toMatchObject({ code: '23514' });
  });

  it('two parts of one sku and two locations of one name in an organization', async () => {
    await expect(
      sql(
        `insert into part (organization_id, sku, sku_key, name, unit)
         select organization_id, sku, sku_key, name, unit from part where id = $1`,
        [ours.part],
      ),
    ).rejects.toMatchObject({ code: '23505' });
    await expect(
      sql(
        'insert into location (organization_id, name, name_key) select organization_id, name, name_key from location where id = $1',
        [ours.location],
      ),
    ).rejects.toMatchObject({ code: '23505' });
  });
});
