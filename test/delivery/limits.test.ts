import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryWorkflowId } from '../../workflows/contract.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { attemptsOf, deliveriesOf, eventually, subscribe } from '../support/deliveries.ts';
import { type Script, startReceiver } from '../support/receiver.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { startTestWorker, type TestWorker } from '../support/worker.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

let api: TestApi;
let here: TestWorker;
let there: ServiceProcess;

beforeAll(async () => {
  api = await startTestApi();
  here = await startTestWorker(api.db);
  there = await startWorkerProcess(api.db, { namespace: here.namespace });
});
afterAll(async () => {
  await there?.kill();
  await here?.close();
  await api?.close();
});

interface Limits {
  maxConcurrency?: number | null;
  maxPerSecond?: number | null;
}

/** A receiver that counts how many requests it has at once, behind an endpoint with limits. */
async function open(limits: Limits, script?: Script) {
  let atOnce = 0;
  const most = { atOnce: 0 };
  const receiver = closing(
    await startReceiver(async (response, received, count) => {
      most.atOnce = Math.max(most.atOnce, ++atOnce);
      response.once('close', () => (atOnce -= 1));
      await (script ?? ((r) => void r.writeHead(204).end()))(response, received, count);
    }),
  );
  const subscriber = await subscribe(api, receiver.url, ['part.created']);
  const { endpointId, key } = subscriber;
  const path = `/webhook-endpoints/${endpointId}`;
  const limit = async (body: Limits) => {
    const answer = await api.request('PATCH', path, { key, body });
    expect(answer.body.data).toMatchObject(body);
  };
  await limit(limits);
  return {
    ...subscriber,
    receiver,
    most,
    limit,
    deliveries: () => deliveriesOf(api.db, endpointId),
    async send(count: number) {
      for (let n = 0; n < count; n++) await subscriber.createPart();
    },
    show: async (id: number) => (await api.request('GET', `/deliveries/${id}`, { key })).body.data,
    /** Of every attempt, in order. */
    async startsMs() {
      const deliveries = await deliveriesOf(api.db, endpointId);
      const attempts = await Promise.all(deliveries.map(({ id }) => attemptsOf(api.db, id)));
      return attempts
        .flat()
        .map(({ startedAtMs }) => startedAtMs)
        .sort((a, b) => a - b);
    },
    allDelivered: (timeoutMs: number) =>
      eventually(
        async () => (await deliveriesOf(api.db, endpointId)).every(({ status }) => status === 'delivered'),
        'all are delivered',
        timeoutMs,
      ),
  };
}

const gaps = (times: number[]) => times.slice(1).map((time, n) => time - (times[n] ?? 0));
const slowly =
  (ms: number): Script =>
  async (response) => {
    await delay(ms);
    response.writeHead(204).end();
  };

/** Of the attempt log's times, to the millisecond. */
const roundingMs = 1;

describe('a limit of attempts per second', () => {
  it('spaces them evenly with two workers, and loses hardly a turn', async () => {
    const endpoint = await open({ maxPerSecond: 2 });
    await endpoint.send(16);
    await endpoint.receiver.waitFor(16, 20_000);
    await endpoint.allDelivered(5_000);
    const starts = await endpoint.startsMs();
    expect(Math.min(...gaps(starts))).toBeGreaterThanOrEqual(500 - roundingMs);
    expect(Math.min(...gaps(endpoint.receiver.received.map(({ atMs }) => atMs)))).toBeGreaterThan(400);
    expect((starts.at(-1) ?? 0) - (starts[0] ?? 0)).toBeLessThan(15 * 500 + 2_500);
    expect((await endpoint.deliveries()).every(({ attemptsMade }) => attemptsMade === 1)).toBe(true);
  });

  it('holds at thirty per second too', async () => {
    const endpoint = await open({ maxPerSecond: 30 });
    await endpoint.send(60);
    await endpoint.allDelivered(30_000);
    expect(Math.min(...gaps(await endpoint.startsMs()))).toBeGreaterThanOrEqual(33 - roundingMs);
  });

  it('shows whose turn is when, to those who look at a delivery and in Temporal', async () => {
    const endpoint = await open({ maxPerSecond: 0.1 });
    await endpoint.send(3);
    const waiting = await eventually(async () => {
      const all = await endpoint.deliveries();
      return all.filter(({ awaitsTurn }) => awaitsTurn).length === 2 && all;
    }, 'two wait for their turn');
    const last = waiting.toSorted((a, b) => a.dueAtMs - b.dueAtMs).at(-1);
    const shown = await endpoint.show(last?.id ?? 0);
    expect(shown).toMatchObject({ status: 'pending', awaitsTurn: true, attemptsMade: 0, attempts: [] });
    const [startMs = 0] = await endpoint.startsMs();
    expect(Math.abs(Date.parse(shown.nextAttemptAt) - startMs - 20_000)).toBeLessThan(1_000);
    const handle = here.client.workflow.getHandle(deliveryWorkflowId(endpoint.endpointId, last?.eventId ?? ''));
    const turn = shown.nextAttemptAt.slice(11, 19);
    await eventually(async () => {
      const { raw } = await handle.describe();
      return (
        raw.pendingActivities?.[0]?.lastFailure?.message ===
        `Rate limit of the endpoint (0.1 per second): its turn is at ${turn} UTC, no attempt was made.`
      );
    }, 'Temporal shows its turn');
  });

  it('leaves the waits after failures as they are', async () => {
    const endpoint = await open({ maxPerSecond: 1 }, (response) => void response.writeHead(503).end());
    await endpoint.send(4);
    const tried = await eventually(async () => {
      const all = await endpoint.deliveries();
      return all.every(({ attemptsMade, isUnderWay }) => attemptsMade === 1 && !isUnderWay) && all;
    }, 'each was tried once');
    for (const { id, dueAtMs, status } of tried) {
      const [attempt] = await attemptsOf(api.db, id);
      const waitMs = dueAtMs - (attempt?.startedAtMs ?? 0) - (attempt?.durationMs ?? 0);
      expect(waitMs).toBeGreaterThanOrEqual(30_000 - roundingMs);
      expect(waitMs).toBeLessThan(30_500);
      expect(status).toBe('retrying');
    }
    await eventually(
      async () => (await endpoint.deliveries()).every(({ attemptsMade }) => attemptsMade === 2),
      'each was tried twice',
      45_000,
    );
    const starts = await endpoint.startsMs();
    expect(Math.min(...gaps(starts))).toBeGreaterThanOrEqual(1_000 - roundingMs);
    for (const { id } of tried) {
      const [first, second] = await attemptsOf(api.db, id);
      expect((second?.startedAtMs ?? 0) - (first?.startedAtMs ?? 0)).toBeGreaterThanOrEqual(30_000);
    }
  }, 90_000);

  it('does not hold up what a person asks for, which counts', async () => {
    const endpoint = await open({ maxPerSecond: 0.25 });
    await endpoint.send(2);
    const second = await eventually(
      async () => (await endpoint.deliveries()).find(({ awaitsTurn }) => awaitsTurn),
      'one waits for its turn',
    );
    await eventually(async () => {
      const { status } = await api.request('POST', `/deliveries/${second.id}/retry`, { key: endpoint.key });
      return status === 202; // 409 for as long as the dispatcher has not noted the start
    }, 'it is asked for');
    await endpoint.receiver.waitFor(2, 2_000);
    await endpoint.send(1);
    await endpoint.receiver.waitFor(3, 15_000);
    await endpoint.allDelivered(5_000);
    const [first = 0, , third = 0] = await endpoint.startsMs();
    expect(third - first).toBeGreaterThanOrEqual(8_000 - roundingMs);
  });

  it('sets those that wait free within seconds when it is cleared, and hurries them when it is raised', async () => {
    const endpoint = await open({ maxPerSecond: 0.01 });
    await endpoint.send(15);
    const wait = (count: number) =>
      eventually(
        async () => (await endpoint.deliveries()).filter(({ awaitsTurn }) => awaitsTurn).length === count,
        `${count} wait for their turn`,
      );
    await wait(14);
    await endpoint.limit({ maxPerSecond: 5 });
    await endpoint.receiver.waitFor(15, 10_000);
    await endpoint.allDelivered(5_000);
    expect(Math.min(...gaps((await endpoint.startsMs()).slice(1)))).toBeGreaterThanOrEqual(200 - roundingMs);

    await endpoint.limit({ maxPerSecond: 0.01 });
    await endpoint.send(15);
    await wait(15);
    await endpoint.limit({ maxPerSecond: null });
    await endpoint.receiver.waitFor(30, 8_000);
    await endpoint.allDelivered(5_000);
  });
});

describe('a limit of attempts at once', () => {
  it.each([1, 3])(
    'of %i is kept by two workers together, and used',
    async (maxConcurrency) => {
      const endpoint = await open({ maxConcurrency }, slowly(200));
      const startedAt = Date.now();
      await endpoint.send(30);
      await endpoint.allDelivered(60_000);
      expect(endpoint.most.atOnce).toBe(maxConcurrency);
      const idealMs = (30 * 200) / maxConcurrency;
      expect(Date.now() - startedAt).toBeLessThan(2 * idealMs + 5_000);
      expect((await endpoint.deliveries()).every(({ attemptsMade }) => attemptsMade === 1)).toBe(true);
    },
    90_000,
  );

  it('goes together with one per second', async () => {
    const endpoint = await open({ maxConcurrency: 2, maxPerSecond: 4 }, slowly(1_000));
    await endpoint.send(12);
    await endpoint.allDelivered(30_000);
    expect(endpoint.most.atOnce).toBe(2);
    expect(Math.min(...gaps(await endpoint.startsMs()))).toBeGreaterThanOrEqual(250 - roundingMs);
  });

  it('sets those that wait free within seconds when it is cleared', async () => {
    const endpoint = await open({ maxConcurrency: 1 }, slowly(1_500));
    await endpoint.send(20);
    await eventually(
      async () => (await endpoint.deliveries()).filter(({ awaitsTurn }) => awaitsTurn).length >= 10,
      'ten wait for their turn',
    );
    await endpoint.limit({ maxConcurrency: null });
    await endpoint.allDelivered(12_000);
    expect(endpoint.most.atOnce).toBeGreaterThan(1);
  });

  it('is free again 20 s after a worker died in the attempt that had it, at the latest', async () => {
    const endpoint = await open({ maxConcurrency: 1 }, async (response, _received, count) => {
      if (count > 1) response.writeHead(204).end();
    });
    await here.close();
    await endpoint.send(1);
    await endpoint.receiver.waitFor(1);
    await there.kill();
    here = await startTestWorker(api.db, { namespace: here.namespace });
    there = await startWorkerProcess(api.db, { namespace: here.namespace });
    await endpoint.send(2);
    await endpoint.allDelivered(40_000);
  }, 90_000);
});

it('an endpoint with a limit and a long queue leaves the others’ first attempts instant', async () => {
  const limited = [await open({ maxPerSecond: 1 }), await open({ maxConcurrency: 1 }, slowly(1_000))];
  const free = await open({});
  await Promise.all(limited.map((endpoint) => endpoint.send(30)));
  for (let n = 0; n < 15; n++) {
    await free.send(1);
    await delay(300);
  }
  const received = await free.receiver.waitFor(15, 5_000);
  const waits = received.map(({ atMs, body }) => atMs - body.createdAt).sort((a, b) => a - b);
  expect(waits[7]).toBeLessThan(300);
  expect(waits.at(-1)).toBeLessThan(2_000);
  for (const endpoint of limited) expect((await endpoint.deliveries()).some(({ awaitsTurn }) => awaitsTurn)).toBe(true);
});
