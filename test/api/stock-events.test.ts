import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEndpoint } from '../../src/webhooks/endpoints/create-endpoint.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { eventsOf, move, newLocation, newPart } from './support.ts';

let api: TestApi;
let shelf: { id: number; name: string };
let van: { id: number; name: string };
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());
beforeEach(async () => {
  shelf = await newLocation(api);
  van = await newLocation(api);
});

type Step = [movement: Record<string, unknown>, expected: unknown[]];

/** Makes the movements one by one; after each, the events of the type so far must be the expected ones. */
async function expectEvents(type: string, part: { id: number }, steps: Step[]): Promise<void> {
  for (const [body, expected] of steps) {
    await move(api, { partId: part.id, ...body });
    const events = await eventsOf(api, type, part.id);
    expect(
      events.map((event) => event.data),
      JSON.stringify(body),
    ).toEqual(expected);
  }
}

describe('stock.location_low', () => {
  it('fires when a level drops to its own minimum, re-arms above it, and its data is as promised', async () => {
    const part = await newPart(api, { unit: 'L', locationMinimums: [{ location: van.name, minimum: 2.5 }] });
    const low = (onHand: number) => ({
      partId: part.id,
      sku: part.sku,
      locationId: van.id,
      onHand,
      minimum: 2.5,
      unit: 'L',
    });
    await expectEvents('stock.location_low', part, [
      [{ kind: 'receive', location: van.name, qty: 2 }, []],
      [{ kind: 'receive', location: shelf.name, qty: 10 }, []],
      [{ kind: 'receive', location: van.name, qty: 1 }, []],
      [{ kind: 'consume', location: shelf.name, qty: 10 }, []],
      [{ kind: 'consume', location: van.name, qty: 0.5 }, [low(2.5)]],
      [{ kind: 'consume', location: van.name, qty: 1 }, [low(2.5)]],
      [{ kind: 'count', location: van.name, target: 1.5 }, [low(2.5)]],
      [{ kind: 'count', location: van.name, target: 2.500001 }, [low(2.5)]],
      [{ kind: 'adjust', location: van.name, qtyDelta: -1.500001 }, [low(2.5), low(1)]],
    ]);
    const [first] = await eventsOf(api, 'stock.location_low', part.id);
    expect(Object.keys(first?.data)).toEqual(['partId', 'sku', 'locationId', 'onHand', 'minimum', 'unit']);
  });

  it('fires when a transfer takes a level below, not for the level that it fills', async () => {
    const locationMinimums = [
      { locationId: shelf.id, minimum: 5 },
      { locationId: van.id, minimum: 5 },
    ];
    const part = await newPart(api, { locationMinimums });
    const low = (locationId: number, onHand: number) => expect.objectContaining({ locationId, onHand, minimum: 5 });
    await expectEvents('stock.location_low', part, [
      [{ kind: 'receive', location: shelf.name, qty: 9 }, []],
      [{ kind: 'transfer', from: shelf.name, to: van.name, qty: 3 }, []],
      [{ kind: 'transfer', from: shelf.name, to: van.name, qty: 3 }, [low(shelf.id, 3)]],
      [{ kind: 'transfer', from: van.name, to: shelf.name, qty: 6 }, [low(shelf.id, 3), low(van.id, 0)]],
    ]);
  });

  it('never fires for a changed minimum', async () => {
    const part = await newPart(api);
    await move(api, { kind: 'receive', partId: part.id, location: van.name, qty: 5 });
    const patch = (minimum: number) =>
      api.request('PATCH', `/parts/${part.id}`, {
        body: { locationMinimums: [{ locationId: van.id, minimum }] },
      });
    expect((await patch(10)).status).toBe(200);
    await expectEvents('stock.location_low', part, [[{ kind: 'consume', location: van.name, qty: 1 }, []]]);
    expect((await patch(1)).status).toBe(200);
    await expectEvents('stock.location_low', part, [
      [{ kind: 'consume', location: van.name, qty: 3 }, [expect.objectContaining({ onHand: 1 })]],
    ]);
  });

  it('fires within a batch where a level crosses', async () => {
    const part = await newPart(api, { locationMinimums: [{ locationId: van.id, minimum: 1 }] });
    const step = (kind: string, qty: number) => ({ kind, partId: part.id, locationId: van.id, qty });
    const movements = [step('receive', 3), step('consume', 2), step('receive', 1), step('consume', 2)];
    expect((await api.request('POST', '/movements/batch', { body: { movements } })).status).toBe(201);
    const events = await eventsOf(api, 'stock.location_low', part.id);
    expect(events.map((event) => event.data.onHand)).toEqual([1, 0]);
  });
});

describe('stock.recovered', () => {
  it('fires when the total rises above the reorder point, once for each time it was low, and its data is as promised', async () => {
    const part = await newPart(api, { reorderPoint: 5 });
    const recovered = (onHand: number) => ({ partId: part.id, sku: part.sku, onHand, reorderPoint: 5, unit: 'ea' });
    await expectEvents('stock.recovered', part, [
      [{ kind: 'receive', location: shelf.name, qty: 5 }, []],
      [{ kind: 'receive', location: van.name, qty: 0.000001 }, [recovered(5.000001)]],
      [{ kind: 'receive', location: van.name, qty: 1 }, [recovered(5.000001)]],
      [{ kind: 'count', location: shelf.name, target: 0 }, [recovered(5.000001)]],
      [{ kind: 'transfer', from: van.name, to: shelf.name, qty: 1 }, [recovered(5.000001)]],
      [{ kind: 'count', location: shelf.name, target: 8 }, [recovered(5.000001), recovered(8.000001)]],
    ]);
    const [first] = await eventsOf(api, 'stock.recovered', part.id);
    expect(Object.keys(first?.data)).toEqual(['partId', 'sku', 'onHand', 'reorderPoint', 'unit']);
  });

  it('never fires without a reorder point, nor for a changed one', async () => {
    const part = await newPart(api);
    await expectEvents('stock.recovered', part, [[{ kind: 'receive', location: shelf.name, qty: 5 }, []]]);
    await api.request('PATCH', `/parts/${part.id}`, { body: { reorderPoint: 9 } });
    await api.request('PATCH', `/parts/${part.id}`, { body: { reorderPoint: 1 } });
    await expectEvents('stock.recovered', part, [[{ kind: 'receive', location: shelf.name, qty: 5 }, []]]);
  });
});

describe('an endpoint', () => {
  const typesFor = async (endpointId: number) => {
    const { rows } = await api.db.pool.query(
      'select distinct v.type from delivery d join event v on v.id = d.event_id where d.endpoint_id = $1 order by 1',
      [endpointId],
    );
    return rows.map((row) => row.type);
  };

  it('gets the later events only when it names them', async () => {
    const url = 'https://example.com/';
    const published = await createEndpoint(api.db, { organizationId: api.organizationId, url });
    const named = ['stock.recovered', 'stock.location_low', 'location.created', 'location.updated'];
    const created = await api.request('POST', '/webhook-endpoints', { body: { url, events: named } });
    expect([created.status, created.body.data.events]).toEqual([201, named]);
    const shown = await api.request('GET', `/webhook-endpoints/${published.id}`);
    expect(shown.body.data.events).toEqual(['stock.movement.created', 'stock.low', 'part.created', 'part.updated']);

    const place = await newLocation(api);
    await api.request('PATCH', `/locations/${place.id}`, { body: { name: 'Renamed' } });
    const locationMinimums = [{ locationId: place.id, minimum: 1 }];
    const part = await newPart(api, { reorderPoint: 1, locationMinimums });
    await move(api, { kind: 'receive', partId: part.id, locationId: place.id, qty: 2 });
    await move(api, { kind: 'consume', partId: part.id, locationId: place.id, qty: 2 });
    await api.request('PATCH', `/parts/${part.id}`, { body: { archived: true } });

    expect(await typesFor(published.id)).toEqual([
      'part.created',
      'part.updated',
      'stock.low',
      'stock.movement.created',
    ]);
    expect(await typesFor(created.body.data.id)).toEqual(named.sort());
  });
});
