import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseJson } from '../../src/http/json.ts';
import { isObject } from '../../src/http/validate.ts';
import type { Actor } from '../../src/organizations/actor.ts';
import { removeMember } from '../../src/people/membership.ts';
import { recordMovements } from '../../src/stock/movements/record-movements.ts';
import { readNewMovement } from '../../src/stock/movements/schema.ts';
import { createPart } from '../../src/stock/parts/create-part.ts';
import { move, newLocation, newPart, unique } from '../api/support.ts';
import { startTestPages, type TestPages } from '../support/pages.ts';
import { expectLedgerInvariants } from './invariants.ts';

let service: TestPages;
beforeAll(async () => {
  service = await startTestPages();
});
afterAll(async () => {
  if (service) await expectLedgerInvariants(service);
  await service?.close();
});

async function receive(actor: Actor, partId: number, locationId: number): Promise<void> {
  const body = parseJson(JSON.stringify({ kind: 'receive', partId, locationId, qty: 2 }));
  const movements = isObject(body) ? [readNewMovement(body)] : [];
  const request = { movements, atomic: true, dryRun: false, idempotency: undefined };
  const { outcomes } = await recordMovements({ pool: service.db.pool, actor }, request);
  expect(outcomes).toMatchObject([{ refusal: null }]);
}

const authorsOf = async (table: 'movement' | 'event', partId: number) =>
  (
    await service.db.pool.query(
      table === 'movement'
        ? 'select api_key_id is not null as of_key, person_id from movement where part_id = $1 order by id'
        : `select api_key_id is not null as of_key from event where movement_id is not null and (data ->> 'partId')::bigint = $1 order by position`,
      [partId],
    )
  ).rows;

it('says of each movement which key or person recorded it, and of its event which key', async () => {
  const { organizationId } = service;
  const { id: personId } = await service.person();
  const [part, location] = [await newPart(service), await newLocation(service)];
  await move(service, { kind: 'receive', partId: part.id, locationId: location.id, qty: 5 });
  await receive({ organizationId, personId }, part.id, location.id);
  await receive({ organizationId }, part.id, location.id);
  expect(await authorsOf('movement', part.id)).toEqual([
    { of_key: true, person_id: null },
    { of_key: false, person_id: String(personId) },
    { of_key: false, person_id: null },
  ]);
  expect(await authorsOf('event', part.id)).toEqual([{ of_key: true }, { of_key: false }, { of_key: false }]);
});

it('has the person in the hash: another name put under a movement breaks the chain', async () => {
  const { organizationId, db } = service;
  const { id: personId } = await service.person();
  const [part, location] = [await newPart(service), await newLocation(service)];
  await receive({ organizationId, personId }, part.id, location.id);
  const { rows } = await db.pool.query(
    `select hash = movement_digest('', m) as holds, hash = movement_digest('', jsonb_populate_record(m, '{"person_id": null}')) as forged
     from movement m where part_id = $1`,
    [part.id],
  );
  expect(rows).toEqual([{ holds: true, forged: false }]);
});

it('keeps the name of a person who has recorded movements when they are removed, and forgets any other', async () => {
  const { organizationId, db } = service;
  const [clerk, passerBy] = [await service.person(), await service.person()];
  const [part, location] = [await newPart(service), await newLocation(service)];
  await receive({ organizationId, personId: clerk.id }, part.id, location.id);
  for (const { email } of [clerk, passerBy]) expect(await removeMember(db, { organizationId, email })).toBe(true);
  const { rows } = await db.pool.query('select id from person where id = any ($1)', [[clerk.id, passerBy.id]]);
  expect(rows).toEqual([{ id: String(clerk.id) }]);
  const gone = await service.page('GET', `/o/${organizationId}`, { as: clerk });
  expect(gone.status).toBe(404);
});

it('sends part.created without a key for a part that a person created', async () => {
  const { organizationId, db } = service;
  const { id: personId } = await service.person();
  const { part } = await createPart({ db, actor: { organizationId, personId } }, { sku: unique('SKU'), name: 'Faja' });
  const { rows } = await db.pool.query(
    `select type, api_key_id from event where type = 'part.created' and (data ->> 'id')::bigint = $1`,
    [part.id],
  );
  expect(rows).toEqual([{ type: 'part.created', api_key_id: null }]);
});
