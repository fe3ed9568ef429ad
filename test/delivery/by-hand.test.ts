import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEndpoint } from '../../src/webhooks/endpoints/create-endpoint.ts';
import { type AttemptResult, deliveryWorkflowId } from '../../workflows/contract.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { type Script, startReceiver } from '../support/receiver.ts';
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

/** Creates a part, whose event goes to one endpoint with this script; answers the delivery once it was tried. */
async function failingDelivery(script: Script) {
  const receiver = closing(await startReceiver(script));
  const organizationId = await api.createOrganization();
  const { id: endpointId } = await createEndpoint(api.db, { organizationId, url: receiver.url });
  await api.request('POST', '/parts', {
    key: await api.createKey('write', organizationId),
    body: { sku: 'A', name: 'A' },
  });
  const [first] = await receiver.waitFor(1);
  const row = async () => {
    const { rows } = await api.db.pool.query('select * from delivery where endpoint_id = $1', [endpointId]);
    return rows[0];
  };
  const handle = worker.client.workflow.getHandle(deliveryWorkflowId(endpointId, String(first?.headers['webhook-id'])));
  const retryNow = () => handle.executeUpdate<AttemptResult, []>('retryNow');
  return { receiver, row, handle, retryNow };
}

async function until(check: () => Promise<boolean>): Promise<void> {
  for (const giveUpAt = Date.now() + 20_000; !(await check()); await delay(20)) {
    if (Date.now() > giveUpAt) throw new Error('it did not come to that in 20 s');
  }
}

it('delivers at once when someone presses retry, and ends the schedule', async () => {
  const { receiver, row, handle, retryNow } = await failingDelivery((response, _, count) => {
    response.writeHead(count === 1 ? 503 : 200).end();
  });
  await until(async () => (await row()).status === 'retrying');
  expect(await retryNow()).toMatchObject({ kind: 'ended', status: 'delivered' });
  expect(await handle.result()).toBe('delivered');
  expect(await row()).toMatchObject({ status: 'delivered', attempts_made: 1, attempts_logged: 2 });
  expect(receiver.received).toHaveLength(2);
});

it('leaves the schedule as it is when the attempt by hand fails', async () => {
  const { row, handle, retryNow } = await failingDelivery((response) => void response.writeHead(500).end());
  await until(async () => (await row()).status === 'retrying');
  const before = await row();
  expect(await retryNow()).toMatchObject({
    kind: 'waiting',
    message: expect.stringMatching(/^HTTP 500 .* asked for by hand, next at/),
  });
  expect(await row()).toMatchObject({
    due_at: before.due_at,
    attempts_made: 1,
    attempts_logged: 2,
    status: 'retrying',
  });
  expect((await handle.describe()).status.name).toBe('RUNNING');
});

it('makes no second attempt beside one that is under way', async () => {
  let answer: () => void = () => undefined;
  const { receiver, row, retryNow } = await failingDelivery(async (response, _, count) => {
    if (count === 2) await new Promise<void>((resolve) => (answer = resolve));
    response.writeHead(500).end();
  });
  await until(async () => (await row()).status === 'retrying');
  const first = retryNow();
  await receiver.waitFor(2);
  expect(await retryNow()).toMatchObject({ kind: 'waiting', message: expect.stringMatching(/^Another attempt/) });
  answer();
  await first;
  expect(receiver.received).toHaveLength(2);
});

it('keeps what came back in the attempt log', async () => {
  const { row } = await failingDelivery((response) => {
    response.writeHead(404, { 'X-Why': 'moved', 'Set-Cookie': 'private=1' }).end('no such hook\0 ñ');
  });
  await until(async () => (await row()).status === 'retrying');
  const { rows } = await api.db.pool.query('select * from delivery_attempt where delivery_id = $1', [(await row()).id]);
  expect(rows).toEqual([
    expect.objectContaining({
      number: 1,
      trigger: 'instant',
      status_code: 404,
      error_class: 'http_4xx',
      failure: expect.stringMatching(/^HTTP 404 from 127\.0\.0\.1:\d+ in \d+ ms$/),
      response_body: 'no such hook\uFFFD ñ',
      connect_ms: expect.any(Number),
      first_byte_ms: expect.any(Number),
    }),
  ]);
  expect(rows[0].response_headers).toMatchObject({ 'x-why': 'moved' });
  expect(rows[0].response_headers).not.toHaveProperty('set-cookie');
});

it('drops the days of the attempt log that are past their time, and makes the coming ones', async () => {
  const { pool } = api.db;
  const maintain = (now: string) => pool.query('select * from maintain_attempt_log($1, 30, 14)', [now]);
  const later = new Date(Date.now() + 40 * 24 * 60 * 60 * 1000).toISOString();
  expect((await maintain(later)).rows[0]).toEqual({ made: 15, dropped: 10 });
  expect((await maintain(later)).rows[0]).toEqual({ made: 0, dropped: 0 });
});
