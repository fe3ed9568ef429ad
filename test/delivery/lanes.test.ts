import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEndpointLanes } from '../../activities/endpoint-lanes.ts';
import { createEndpoint } from '../../src/webhooks/endpoints/create-endpoint.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { startReceiver } from '../support/receiver.ts';
import { startTestWorker, type TestWorker } from '../support/worker.ts';

describe('the lanes of endpoints', () => {
  it('give ten permits to one endpoint, and others theirs', async () => {
    const lanes = createEndpointLanes();
    const taken = await Promise.all(Array.from({ length: 10 }, () => lanes.take(1)));
    expect(taken.every((permit) => permit !== undefined)).toBe(true);
    expect(await lanes.take(1)).toBeUndefined();
    expect(await lanes.take(2)).toHaveProperty('release');
    taken[0]?.release();
    expect(await lanes.take(1)).toHaveProperty('release');
  });

  it('spread those who found none over the time that attempts take', () => {
    const lanes = createEndpointLanes(() => 0);
    lanes.note(1, { delivered: false, durationMs: 15_000 });
    const waits = Array.from({ length: 20 }, () => lanes.nextTurnInMs(1));
    expect(waits[0]).toBeGreaterThanOrEqual(1_000);
    expect(waits.map((wait, n) => wait - (waits[n - 1] ?? wait)).slice(1)).toEqual(Array(19).fill(1_500));
  });

  it('are quick for an endpoint until it fails or is slow, and again once it answers well', async () => {
    const lanes = createEndpointLanes();
    const isQuick = async () => {
      const permit = await lanes.takeQuick(1);
      permit?.release();
      return permit !== undefined;
    };
    expect(await isQuick()).toBe(true);
    lanes.note(1, { delivered: false, durationMs: 5 });
    expect(await isQuick()).toBe(false);
    lanes.note(1, { delivered: true, durationMs: 2_500 });
    expect(await isQuick()).toBe(false);
    lanes.note(1, { delivered: true, durationMs: 50 });
    expect(await isQuick()).toBe(true);
  });

  it('let a burst to an endpoint wait a moment for each other, but not behind ones that hang', async () => {
    const lanes = createEndpointLanes();
    const ten = await Promise.all(Array.from({ length: 10 }, () => lanes.takeQuick(1)));
    const eleventh = lanes.takeQuick(1);
    ten[0]?.release();
    expect(await eleventh).toHaveProperty('release');
    expect(await lanes.takeQuick(1)).toBeUndefined();
    lanes.note(1, { delivered: true, durationMs: 20 });
    expect(await lanes.takeQuick(1)).toHaveProperty('release');
  });

  it('pass a permit on although others have given up waiting for it', async () => {
    const lanes = createEndpointLanes();
    const ten = await Promise.all(Array.from({ length: 10 }, () => lanes.takeQuick(1)));
    expect(await lanes.takeQuick(1)).toBeUndefined();
    const late = lanes.takeQuick(1);
    ten[0]?.release();
    expect(await late).toHaveProperty('release');
  });

  it('open wide for a burst as soon as its endpoint is found to answer well', async () => {
    const lanes = createEndpointLanes();
    const [first] = await Promise.all(Array.from({ length: 10 }, () => lanes.takeQuick(1)));
    const others = Array.from({ length: 40 }, () => lanes.takeQuick(1));
    lanes.note(1, { delivered: true, durationMs: 20 });
    first?.release();
    expect((await Promise.all(others)).filter((permit) => permit !== undefined)).toHaveLength(40);
  });

  it('keep to the limit of an endpoint, and let as many wait a moment for a permit', async () => {
    const lanes = createEndpointLanes();
    lanes.noteLimit(1, 2);
    const [first] = [await lanes.take(1), await lanes.take(1)];
    const [third, fourth, fifth] = [lanes.take(1), lanes.take(1), lanes.take(1)];
    expect(await fifth).toBeUndefined();
    expect(lanes.takeByHand(1)?.release()).toBeUndefined();
    first?.release();
    expect(await third).toHaveProperty('release');
    expect(await fourth).toBeUndefined();
    lanes.noteLimit(1, 80);
    lanes.note(1, { delivered: true, durationMs: 20 });
    const many = await Promise.all(Array.from({ length: 78 }, () => lanes.takeQuick(1)));
    expect(many.every((permit) => permit !== undefined)).toBe(true);
  });
});

describe('endpoints that hang', () => {
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

  it('do not hold up the others, neither at their first attempts nor at later ones', async () => {
    const hanging = closing(await startReceiver(() => undefined));
    const healthy = closing(await startReceiver());
    for (let n = 0; n < 10; n++) {
      await createEndpoint(api.db, { organizationId: api.organizationId, url: n < 2 ? hanging.url : healthy.url });
    }
    const post = async (count: number) => {
      for (let n = 0; n < count; n++) {
        await api.request('POST', '/parts', { body: { sku: `${Math.random()}`, name: 'x' } });
        await delay(400); // 8 deliveries to healthy endpoints: well below what two cores carry
      }
    };

    await post(20); // 40 first attempts hang: 2 × 10 in the instant lane, the others in the slow one
    await healthy.waitFor(8 * 20, 30_000);
    await delay(16_000); // past the deadline of those that hang: they are known by now, and retries begin at 30 s
    await post(20);
    const received = await healthy.waitFor(8 * 40, 30_000);
    const waits = received.map(({ atMs, body }) => atMs - body.createdAt).sort((a, b) => a - b);
    expect(waits.at(-1)).toBeLessThan(5_000);
    expect(waits[waits.length >> 1]).toBeLessThan(1_000);
    expect(hanging.received.length).toBeLessThanOrEqual(80);
  }, 120_000);
});
