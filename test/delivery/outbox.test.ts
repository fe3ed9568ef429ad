import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { createEndpoint } from '../../src/webhooks/endpoints/create-endpoint.ts';
import { createNudgeDelivery, createStartDelivery } from '../../src/webhooks/start-delivery.ts';
import { sweep } from '../../src/webhooks/sweep.ts';
import { deliveryWorkflowId } from '../../workflows/contract.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { attempted, deliveriesOf, ended, eventually, subscribe } from '../support/deliveries.ts';
import { type Receiver, type Script, startReceiver } from '../support/receiver.ts';
import { createNamespace, startTestWorker, type TestWorker } from '../support/worker.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const startWithinMs = 11_000;

/** Long enough for a second POST of the same delivery to arrive. */
const repeatMs = 3_000;

interface Shop {
  organizationId: number;
  key: string;
  endpointIds: number[];
  receivers: Receiver[];
  /** Posts a movement of `SKU`; answers the status. */
  move(body: object): Promise<number>;
  /** Of every ledger row, oldest first. */
  ledger(): Promise<number[]>;
}

/** An organization with one part, two locations and endpoints that want its movements. */
async function openShop(api: TestApi, { endpoints = 1, script }: { endpoints?: number; script?: Script } = {}) {
  const organizationId = await api.createOrganization();
  const key = await api.createKey('write', organizationId);
  const shop: Shop = {
    organizationId,
    key,
    endpointIds: [],
    receivers: [],
    move: async (body) => (await api.request('POST', '/movements', { key, body: { sku: 'SKU', ...body } })).status,
    async ledger() {
      const { rows } = await api.db.pool.query('select id from movement where organization_id = $1 order by id', [
        organizationId,
      ]);
      return rows.map(({ id }) => Number(id));
    },
  };
  await api.request('POST', '/parts', { key, body: { sku: 'SKU', name: 'Part' } });
  for (const name of ['A', 'B']) await api.request('POST', '/locations', { key, body: { name } });
  for (let i = 0; i < endpoints; i++) {
    const receiver = closing(await startReceiver(script));
    const events = ['stock.movement.created'];
    const { id } = await createEndpoint(api.db, { organizationId, url: receiver.url, events });
    shop.receivers.push(receiver);
    shop.endpointIds.push(id);
  }
  return shop;
}

const receive = { kind: 'receive', location: 'A', qty: 1 };

/** Movements of every kind in turn, by eight clients at once. */
async function moveMuch(shop: Shop, count: number): Promise<void> {
  await shop.move({ kind: 'receive', location: 'A', qty: 10_000 });
  const kinds = [
    receive,
    { kind: 'consume', location: 'A', qty: 2 },
    { kind: 'adjust', location: 'A', qtyDelta: -0.5 },
    { kind: 'count', location: 'B', target: 50 },
    { kind: 'transfer', from: 'A', to: 'B', qty: 3 },
  ];
  let next = 1;
  const statuses: number[] = [];
  const client = async () => {
    while (next < count) statuses.push(await shop.move(kinds[next++ % kinds.length] ?? receive));
  };
  await Promise.all(Array.from({ length: 8 }, client));
  expect(new Set(statuses)).toEqual(new Set([201]));
}

const movementsAt = (receiver: Receiver | undefined) =>
  receiver?.received.map(({ headers }) => Number(headers['x-mk-movement'])) ?? [];
const ascending = (a: number, b: number) => a - b;

/** Every ledger row came to every endpoint, once; each with one attempt. */
async function expectEachOnce(api: TestApi, shop: Shop, timeoutMs: number): Promise<void> {
  const ledger = await shop.ledger();
  for (const receiver of shop.receivers) await receiver.waitFor(ledger.length, timeoutMs);
  await delay(repeatMs);
  for (const receiver of shop.receivers) expect(movementsAt(receiver).sort(ascending)).toEqual(ledger);
  for (const endpointId of shop.endpointIds) {
    const deliveries = await deliveriesOf(api.db, endpointId);
    const { rows } = await api.db.pool.query(
      'select count(*)::int from delivery_attempt a join delivery d on d.id = a.delivery_id where d.endpoint_id = $1',
      [endpointId],
    );
    expect(deliveries.map(({ movementId }) => Number(movementId)).sort(ascending)).toEqual(ledger);
    expect(new Set(deliveries.map(({ status }) => status))).toEqual(new Set(['delivered']));
    expect(rows[0].count).toBe(ledger.length);
  }
}

const sweepOf = ({ db }: TestApi, client: Client) =>
  sweep({
    pool: db.pool,
    start: createStartDelivery(client),
    nudge: createNudgeDelivery(client),
    log: createLogger('silent'),
  });

describe('with a worker', () => {
  let api: TestApi;
  let worker: TestWorker;
  let native: NativeConnection;

  beforeAll(async () => {
    api = await startTestApi();
    worker = await startTestWorker(api.db);
    native = await NativeConnection.connect({ address: inject('temporalAddress') });
  });
  afterAll(async () => {
    await native?.close();
    await worker?.close();
    await api?.close();
  });

  const sweepNow = () => sweepOf(api, new Client({ connection: native, namespace: worker.namespace }));
  const makeOverdue = (deliveryId: number) =>
    api.db.pool.query(`update delivery set due_at = clock_timestamp() - interval '3 minutes' where id = $1`, [
      deliveryId,
    ]);

  it('delivers each of 300 movements by eight clients to both endpoints exactly once', async () => {
    const shop = await openShop(api, { endpoints: 2 });
    await moveMuch(shop, 300);
    await expectEachOnce(api, shop, 120_000);
  }, 180_000);

  it('delivers nothing for a movement that was refused', async () => {
    const shop = await openShop(api);
    expect(await shop.move(receive)).toBe(201);
    expect(await shop.move({ kind: 'consume', location: 'A', qty: 2 })).toBe(422);
    expect(await shop.move({ kind: 'transfer', from: 'A', to: 'B', qty: 2 })).toBe(422);
    expect(await shop.move({ kind: 'receive', location: 'nowhere', qty: 1 })).toBe(422);
    expect(await shop.move({ kind: 'receive', location: 'A', qty: 0 })).toBe(422);
    expect(await shop.move({ kind: 'consume', location: 'A', qty: 1 })).toBe(201);
    expect(await shop.ledger()).toHaveLength(2);
    await expectEachOnce(api, shop, 20_000);
  });

  it('ends the row of a workflow that was terminated in Temporal at the next sweep: cancelled', async () => {
    const receiver = closing(await startReceiver((response) => void response.writeHead(503).end()));
    const { endpointId, createPart } = await subscribe(api, receiver.url, ['part.created']);
    await createPart();
    const delivery = await attempted(api.db, endpointId);
    await worker.client.workflow
      .getHandle(deliveryWorkflowId(endpointId, delivery.eventId))
      .terminate('no longer wanted');

    await sweepNow();
    expect(await deliveriesOf(api.db, endpointId)).toMatchObject([{ status: 'retrying' }]); // it is not overdue yet
    await makeOverdue(delivery.id);
    await sweepNow();
    expect(await deliveriesOf(api.db, endpointId)).toMatchObject([
      { status: 'cancelled', isEnded: true, isUnderWay: false, attemptsMade: 1, lastFailure: 'no longer wanted' },
    ]);
    await sweepNow();
    expect(receiver.received).toHaveLength(1);
  });

  it('asks a workflow that is running for the attempt that is overdue', async () => {
    const receiver = closing(
      await startReceiver((response, _received, count) => void response.writeHead(count === 1 ? 503 : 200).end()),
    );
    const { endpointId, createPart } = await subscribe(api, receiver.url, ['part.created']);
    await createPart();
    await makeOverdue((await attempted(api.db, endpointId)).id);
    await sweepNow();
    expect(await ended(api.db, endpointId, 10_000)).toMatchObject({ status: 'delivered', attemptsMade: 2 });
  });
});

describe('without a worker at first', () => {
  let api: TestApi;
  let connection: Connection;
  let namespace: string;

  beforeAll(async () => {
    api = await startTestApi();
    connection = await Connection.connect({ address: inject('temporalAddress') });
    namespace = await createNamespace(connection);
  });
  afterAll(async () => {
    await connection?.close();
    await api?.close();
  });

  it('delivers what was recorded meanwhile within 11 s of a worker, and takes it up roughly oldest first', async () => {
    const shop = await openShop(api, { endpoints: 5 });
    for (let i = 0; i < 40; i++) expect(await shop.move(receive)).toBe(201);
    await delay(1_000);
    expect(shop.receivers.flatMap(({ received }) => received)).toEqual([]);

    const worker = await startTestWorker(api.db, { namespace });
    const availableAtMs = Date.now();
    await expectEachOnce(api, shop, startWithinMs).finally(() => worker.close());
    const arrivedAtMs = shop.receivers.flatMap(({ received }) => received.map(({ atMs }) => atMs));
    expect(Math.max(...arrivedAtMs) - availableAtMs).toBeLessThan(startWithinMs);

    // A hundred starts are under way at once: only beyond that is there an order.
    const { rows } = await api.db.pool.query(
      'select id::int from delivery where endpoint_id = any ($1) order by dispatched_at',
      [shop.endpointIds],
    );
    const order = rows.map(({ id }) => id);
    expect(mean(order.slice(0, 50))).toBeLessThan(mean(order.slice(-50)));
  });

  it.each([
    ['before its first attempt', { status: 'pending', attemptsMade: 0 }],
    ['after its third', { status: 'retrying', attemptsMade: 3 }],
  ])('starts a delivery anew that Temporal has lost %s, and delivers it', async (_when, { status, attemptsMade }) => {
    const shop = await openShop(api);
    await shop.move(receive);
    await api.db.pool.query(
      `update delivery set status = $2, attempts_made = $3, attempts_logged = $3,
         dispatched_at = clock_timestamp() - interval '1 hour', due_at = clock_timestamp() - interval '3 minutes'
       where endpoint_id = $1`,
      [shop.endpointIds[0], status, attemptsMade],
    );
    const native = await NativeConnection.connect({ address: inject('temporalAddress') });
    await sweepOf(api, new Client({ connection: native, namespace }));
    await native.close();

    const worker = await startTestWorker(api.db, { namespace });
    try {
      await shop.receivers[0]?.waitFor(1, startWithinMs);
      expect(await ended(api.db, shop.endpointIds[0] ?? 0)).toMatchObject({
        status: 'delivered',
        attemptsMade: attemptsMade + 1,
      });
      await delay(repeatMs);
      expect(movementsAt(shop.receivers[0])).toEqual(await shop.ledger());
    } finally {
      await worker.close();
    }
  });
});

it('delivers each of 200 movements once while two workers and dispatchers share the work', async () => {
  const api = closing(await startTestApi());
  const here = closing(await startTestWorker(api.db));
  const there = await startWorkerProcess(api.db, { namespace: here.namespace });
  try {
    const shop = await openShop(api);
    await moveMuch(shop, 200);
    await expectEachOnce(api, shop, 120_000);
    const workers = await eventually(async () => {
      const identities = new Set<string>();
      for (const { eventId } of await deliveriesOf(api.db, shop.endpointIds[0] ?? 0)) {
        const handle = here.client.workflow.getHandle(deliveryWorkflowId(shop.endpointIds[0] ?? 0, eventId));
        for (const event of (await handle.fetchHistory()).events ?? []) {
          const identity = event.workflowTaskCompletedEventAttributes?.identity;
          if (identity) identities.add(identity);
        }
        if (identities.size === 2) break;
      }
      return identities;
    }, 'histories read');
    expect(workers.size).toBe(2);
  } finally {
    await there.kill();
  }
}, 210_000);

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
