import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEndpoint } from '../../src/webhooks/endpoints/create-endpoint.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { startReceiver } from '../support/receiver.ts';
import { startTestWorker, type TestWorker } from '../support/worker.ts';

let api: TestApi;
let worker: TestWorker;

beforeAll(async () => {
  api = await startTestApi();
  worker = await startTestWorker(api.db);
});
afterAll(async () => {
  await worker?.close();
  await api?.close();
});

it('delivers a movement at once, signed over the exact body', async () => {
  const receiver = closing(await startReceiver());
  const { secret } = await createEndpoint(api.db, { organizationId: api.organizationId, url: receiver.url });
  await api.request('POST', '/locations', { body: { name: 'Almacén' } });
  await api.request('POST', '/parts', { body: { sku: 'ÖL-1', name: 'Öl', unit: 'L' } });
  const before = Date.now();
  await api.request('POST', '/movements', { body: { kind: 'receive', sku: 'öl-1', location: 'almacén', qty: 2.5 } });

  const received = await receiver.waitFor(2);
  const movement = received.find((r) => r.headers['x-mk-event'] === 'stock.movement.created');
  expect(movement?.body).toEqual({
    event: 'stock.movement.created',
    orgId: api.organizationId,
    createdAt: expect.any(Number),
    data: { partId: 1, sku: 'ÖL-1', locationId: 1, qtyDelta: 2.5, kind: 'receive', onHand: 2.5, unit: 'L' },
  });
  expect(Math.abs(movement?.body.createdAt - before)).toBeLessThan(2_000);
  const digest = createHmac('sha256', secret)
    .update(movement?.rawBody ?? '')
    .digest('hex');
  expect(movement?.headers['x-mk-signature']).toBe(`sha256=${digest}`);
});
