import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedHeaders } from '../../activities/sign-webhook.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { attempted, ended, subscribe } from '../support/deliveries.ts';
import { pythonWith, whyNoPython } from '../support/python.ts';
import { type Received, startReceiver } from '../support/receiver.ts';
import { startVerifyingReceiver } from '../support/verifying-receiver.ts';
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

/** The published snippet, word for word. */
function publishedSignature(WEBHOOK_SECRET: string, rawBody: string): string {
  return `sha256=${createHmac('sha256', WEBHOOK_SECRET).update(rawBody).digest('hex')}`;
}

function expectSigned(received: Received, secret: string): void {
  expect(received.headers['x-mk-signature']).toBe(publishedSignature(secret, received.rawBody));
  const headers = Object.fromEntries(Object.entries(received.headers).map(([name, value]) => [name, String(value)]));
  expect(new Webhook(secret).verify(received.rawBody, headers)).toEqual(received.body);
  expect(() => new Webhook(secret).verify(`${received.rawBody} `, headers)).toThrow();
  expect(received.headers['content-type']).toMatch(/^application\/json/);
}

const keyIdOf = async (organizationId: number) => {
  const { rows } = await api.db.pool.query('select id from api_key where organization_id = $1', [organizationId]);
  return String(rows[0].id);
};

it('signs the official Standard Webhooks vector as published', () => {
  const headers = signedHeaders(
    {
      endpointId: 1,
      url: 'https://example.com',
      secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      previousSecret: undefined,
      headers: {},
      eventId: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      eventType: 'test',
      movementId: null,
      apiKeyId: null,
      body: '{"test": 2432232314}',
    },
    new Date(1_614_265_330_000),
  );
  expect(headers['webhook-id']).toBe('msg_p5jXN8AQM9LWM0D4loKWxJek');
  expect(headers['webhook-timestamp']).toBe('1614265330');
  expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

it('gives each endpoint a secret of 32 random bytes of its own', async () => {
  const subscribers = [await subscribe(api, 'https://example.com/1'), await subscribe(api, 'https://example.com/2')];
  for (const { secret } of subscribers) {
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32);
  }
  expect(new Set(subscribers.map(({ secret }) => secret)).size).toBe(2);
});

const unicodeNames = ['Filtro de aceite 🛢️', '油過濾器 "½\\" ', 'e\u0301tape\u2028 \u{1F469}\u200D\u{1F527}'];

it.each(unicodeNames)('verifies by the published snippet and by the standardwebhooks library: %j', async (name) => {
  const receiver = closing(await startReceiver());
  const { key, secret, organizationId } = await subscribe(api, receiver.url);
  const answer = await api.request('POST', '/parts', { key, body: { sku: 'Ñ-1', name } });
  expect(answer.status).toBe(201);
  const [received] = await receiver.waitFor(1);
  if (received === undefined) throw new Error('nothing received');
  expectSigned(received, secret);
  expect(received.body.data).toEqual(answer.body.data);
  expect(received.headers['x-mk-event']).toBe('part.created');
  expect(received.headers['x-mk-key']).toBe(await keyIdOf(organizationId));
  expect(received.headers).not.toHaveProperty('x-mk-movement');
});

it('names the ledger row and the key that wrote it, each row of a transfer with an event of its own', async () => {
  const receiver = closing(await startReceiver());
  const { key, secret, organizationId } = await subscribe(api, receiver.url, ['stock.movement.created', 'stock.low']);
  await api.request('POST', '/parts', { key, body: { sku: 'A', name: 'A', reorderPoint: 4 } });
  for (const name of ['Van', 'Shed']) await api.request('POST', '/locations', { key, body: { name } });
  const post = (body: object) =>
    api.request('POST', '/movements', { key, body, headers: { Prefer: 'return=representation' } });
  const receive = await post({ kind: 'receive', sku: 'A', location: 'Van', qty: 5 });
  const transfer = await post({ kind: 'transfer', sku: 'A', from: 'Van', to: 'Shed', qty: 2 });
  const consume = await post({ kind: 'consume', sku: 'A', location: 'Shed', qty: 1 });

  const received = await receiver.waitFor(5);
  const keyId = await keyIdOf(organizationId);
  for (const one of received) {
    expectSigned(one, secret);
    expect(one.headers['x-mk-key']).toBe(keyId);
  }
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(5);
  const rowsOf = (event: string) =>
    received
      .filter(({ headers }) => headers['x-mk-event'] === event)
      .map(({ headers }) => Number(headers['x-mk-movement']));
  const rows = [receive.body.data.id, ...transfer.body.data.map((row: { id: number }) => row.id), consume.body.data.id];
  expect(rowsOf('stock.movement.created').toSorted((a, b) => a - b)).toEqual(rows);
  expect(rowsOf('stock.low')).toEqual([consume.body.data.id]);
});

it('repeats the webhook-id and the body on the next attempt, under a new timestamp and signature', async () => {
  const receiver = closing(
    await startReceiver((response, _received, count) => void response.writeHead(count === 1 ? 500 : 200).end()),
  );
  const { secret, createPart } = await subscribe(api, receiver.url, ['part.created']);
  await createPart();
  const [first, second] = await receiver.waitFor(2, 50_000);
  if (first === undefined || second === undefined) throw new Error('not received');
  expect(second.atMs - first.atMs).toBeGreaterThanOrEqual(30_000);
  expectSigned(first, secret);
  expectSigned(second, secret);
  expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
  expect(second.rawBody).toBe(first.rawBody);
  expect(second.headers['webhook-timestamp']).not.toBe(first.headers['webhook-timestamp']);
  expect(second.headers['webhook-signature']).not.toBe(first.headers['webhook-signature']);
});

const noPython = await whyNoPython();

describe.skipIf(noPython)(`the standardwebhooks library of PyPI${noPython ? ` (skipped: ${noPython})` : ''}`, () => {
  let python: string;
  beforeAll(async () => {
    python = await pythonWith('requirements.txt');
  });

  async function subscribeInPython() {
    const receiver = closing(await startVerifyingReceiver(python));
    const subscriber = await subscribe(api, receiver.url, ['part.created']);
    await receiver.verifyWith(subscriber.secret);
    return { receiver, ...subscriber };
  }

  it.each(unicodeNames)('accepts a real delivery: %j', async (name) => {
    const { receiver, key, endpointId } = await subscribeInPython();
    const answer = await api.request('POST', '/parts', { key, body: { sku: 'Ñ-1', name } });
    expect(await receiver.nextVerdict()).toMatchObject({ verified: { event: 'part.created', data: answer.body.data } });
    expect(await ended(api.db, endpointId)).toMatchObject({ status: 'delivered', attemptsMade: 1 });
  });

  it("refuses a delivery under another endpoint's secret, which counts as failed", async () => {
    const { receiver, createPart, endpointId } = await subscribeInPython();
    await receiver.verifyWith((await subscribe(api, 'https://example.com/')).secret);
    await createPart();
    expect(await receiver.nextVerdict()).toEqual({ refused: 'No matching signature found' });
    expect(await attempted(api.db, endpointId)).toMatchObject({
      status: 'retrying',
      lastFailure: expect.stringMatching(/^HTTP 401 from /),
    });
  });

  it('refuses what was changed on the way, and accepts it unchanged', async () => {
    const scripted = closing(await startReceiver());
    const { secret, createPart } = await subscribe(api, scripted.url, ['part.created']);
    await createPart();
    const [received] = await scripted.waitFor(1);
    if (received === undefined) throw new Error('nothing received');
    const { rawBody, headers } = received;
    const receiver = closing(await startVerifyingReceiver(python));
    await receiver.verifyWith(secret);
    const signed = {
      'webhook-id': String(headers['webhook-id']),
      'webhook-timestamp': String(headers['webhook-timestamp']),
      'webhook-signature': String(headers['webhook-signature']),
    };
    const forward = async (body: string, changed = {}) => {
      await fetch(receiver.url, { method: 'POST', body, headers: { ...signed, ...changed } });
      return receiver.nextVerdict();
    };
    const refusal = { refused: 'No matching signature found' };
    expect(await forward(rawBody)).toEqual({ verified: JSON.parse(rawBody) });
    expect(await forward(`${rawBody} `)).toEqual(refusal);
    expect(await forward(rawBody.replace('"Part"', '"Pärt"'))).toEqual(refusal);
    expect(await forward(rawBody, { 'webhook-id': 'another' })).toEqual(refusal);
    expect(await forward(rawBody, { 'webhook-timestamp': `${Number(signed['webhook-timestamp']) + 1}` })).toEqual(
      refusal,
    );
    expect(await forward(rawBody, { 'webhook-timestamp': '1614265330' })).toEqual({
      refused: 'Message timestamp too old',
    });
  });

  it('accepts both secrets while one is being rotated, and only the new one after that', async () => {
    const { receiver, key, endpointId, secret: old, createPart } = await subscribeInPython();
    const rotate = async (overlapHours: number): Promise<string> => {
      const path = `/webhook-endpoints/${endpointId}/rotate-secret`;
      return (await api.request('POST', path, { key, body: { overlapHours } })).body.data.secret;
    };
    const verdictUnder = async (secret: string) => {
      await receiver.verifyWith(secret);
      await createPart();
      return receiver.nextVerdict();
    };
    const second = await rotate(1);
    expect(await verdictUnder(old)).toHaveProperty('verified');
    expect(await verdictUnder(second)).toHaveProperty('verified');
    const third = await rotate(0);
    expect(await verdictUnder(third)).toHaveProperty('verified');
    for (const ended of [old, second]) expect(await verdictUnder(ended)).toHaveProperty('refused');
  });
});
