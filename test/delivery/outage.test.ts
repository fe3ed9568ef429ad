import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { attempted, attemptsOf, deliveriesOf, ended, eventually, subscribe } from '../support/deliveries.ts';
import { makeDataDir, type OwnServers, startApiOn, startForwarder, startOwnServers } from '../support/outage.ts';
import { startReceiver } from '../support/receiver.ts';
import { createNamespace, startTestWorker } from '../support/worker.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const endpoints = 20;
const firstWaitMs = 30_000;
/** While PostgreSQL is down, on its way up, and back. */
const answersAfterKillMs = [0, 200, 600, 1_200, 2_500];
const secondWaitMs = 60_000;
const countsAsFailedAfterMs = 20_000;
const mayBeLateMs = 2_000;
const runTimeoutMs = 170_000;

type OnEnd = (cleanup: () => unknown) => void;

/** Afterwards runs what `onEnd` was given, last first, also when one of them fails. */
async function withCleanups<T>(run: (onEnd: OnEnd) => Promise<T>): Promise<T> {
  const cleanups: (() => unknown)[] = [];
  try {
    return await run((cleanup) => void cleanups.push(cleanup));
  } finally {
    for (const cleanup of cleanups.reverse()) {
      await Promise.resolve(cleanup()).catch((error: unknown) => console.error('a cleanup failed', error));
    }
  }
}

async function ownServers(onEnd: OnEnd, needs: { needPostgres: boolean; needTemporal: boolean }) {
  const dataDir = makeDataDir();
  onEnd(dataDir.close);
  const servers = await startOwnServers(dataDir.path, needs);
  onEnd(servers.stop);
  return servers;
}

/** What to answer to the nth request, and when; undefined: nothing. */
type Answering = (count: number) => number | undefined | Promise<number>;

/** An endpoint of its own; `send` makes its delivery. */
async function subscriber(onEnd: OnEnd, api: TestApi, answering: Answering) {
  /** Taken before the answer leaves: the sender cannot have had it earlier. */
  const answeredAtMs: number[] = [];
  const receiver = await startReceiver(async (response, _received, count) => {
    const status = await answering(count);
    if (status === undefined) return;
    answeredAtMs[count - 1] = Date.now();
    response.writeHead(status).end();
  });
  onEnd(receiver.close);
  const { endpointId, createPart } = await subscribe(api, receiver.url, ['part.created']);
  return { receiver, answeredAtMs, endpointId, send: createPart };
}

const failsOnce: Answering = (count) => (count === 1 ? 503 : 200);

const until = (atMs: number) => delay(Math.max(atMs - Date.now(), 0));

interface AfterBackoff {
  /** From the first attempt's answer to the next request. */
  waitedMs: number;
  /** Beyond the due time, or beyond the moment that the killed servers answered again, whichever came later. */
  lateMs: number;
  requests: number;
  status: string;
  attemptsMade: number;
  attemptsLogged: number;
}

/** Twenty deliveries fail once; `disturb` does its worst in their backoff, and they are looked at when all is over. */
async function outageInBackoff(
  onEnd: OnEnd,
  api: TestApi,
  servers: OwnServers,
  disturb: (inBackoffSinceMs: number) => Promise<void>,
): Promise<AfterBackoff[]> {
  const all = await Promise.all(Array.from({ length: endpoints }, () => subscriber(onEnd, api, failsOnce)));
  await Promise.all(all.map(({ send }) => send()));
  await Promise.all(all.map(({ endpointId }) => attempted(api.db, endpointId)));
  await disturb(Date.now());
  const backAtMs = await servers.backAtMs();
  await Promise.all(all.map(({ endpointId }) => ended(api.db, endpointId, 60_000).catch(() => undefined)));
  await delay(4_000); // time for a repeat that must not come
  return Promise.all(
    all.map(async ({ receiver, answeredAtMs, endpointId }) => {
      const [delivery] = await deliveriesOf(api.db, endpointId);
      if (delivery === undefined) throw new Error('no delivery');
      const [answeredMs, nextMs] = [answeredAtMs[0] ?? Number.NaN, receiver.received[1]?.atMs ?? Number.NaN];
      return {
        waitedMs: nextMs - answeredMs,
        lateMs: nextMs - Math.max(answeredMs + firstWaitMs, backAtMs),
        requests: receiver.received.length,
        status: delivery.status,
        attemptsMade: delivery.attemptsMade,
        attemptsLogged: (await attemptsOf(api.db, delivery.id)).length,
      };
    }),
  );
}

function expectOnTimeOnce(results: AfterBackoff[]): void {
  expect(results).toHaveLength(endpoints);
  const expected = { requests: 2, status: 'delivered', attemptsMade: 2, attemptsLogged: 2 };
  expect(results).toEqual(results.map(() => expect.objectContaining(expected)));
  expect(Math.min(...results.map(({ waitedMs }) => waitedMs))).toBeGreaterThanOrEqual(firstWaitMs);
  expect(Math.max(...results.map(({ lateMs }) => lateMs))).toBeLessThanOrEqual(mayBeLateMs);
}

const temporalKilledTwice = () =>
  withCleanups(async (onEnd) => {
    const servers = await ownServers(onEnd, { needPostgres: false, needTemporal: true });
    const api = await startTestApi();
    onEnd(api.close);
    const worker = await startTestWorker(api.db, { temporalAddress: servers.temporalAddress });
    onEnd(worker.close);
    return outageInBackoff(onEnd, api, servers, async (sinceMs) => {
      await until(sinceMs + 10_000);
      await servers.kill('temporal');
      await until(sinceMs + 15_000);
      await servers.kill('temporal');
    });
  });

/** PostgreSQL dies in the backoff of twenty deliveries and in the POSTs of five others. */
const bothKilled = () =>
  withCleanups(async (onEnd) => {
    const servers = await ownServers(onEnd, { needPostgres: true, needTemporal: true });
    const api = await startApiOn(servers);
    onEnd(api.close);
    const worker = await startTestWorker(api.db, { temporalAddress: servers.temporalAddress });
    onEnd(worker.close);
    const killed = Promise.withResolvers<void>();
    const held = await Promise.all(
      answersAfterKillMs.map((ms) =>
        subscriber(onEnd, api, async () => {
          await killed.promise;
          await delay(ms);
          return 200;
        }),
      ),
    );
    const inBackoff = await outageInBackoff(onEnd, api, servers, async (sinceMs) => {
      await until(sinceMs + 8_000);
      await servers.kill('temporal');
      await until(sinceMs + 14_000);
      await servers.backAtMs();
      await Promise.all(held.map(({ send }) => send()));
      await Promise.all(held.map(({ receiver }) => receiver.waitFor(1)));
      await delay(500);
      await servers.kill('postgres');
      killed.resolve();
      await until(sinceMs + 22_000);
      await servers.kill('temporal');
    });
    const underWay = await Promise.all(
      held.map(async ({ receiver, endpointId }) => {
        const delivery = await ended(api.db, endpointId, 60_000);
        return { status: delivery.status, requests: receiver.received.length };
      }),
    );
    return { inBackoff, underWay };
  });

/** Movements are posted all the time while Temporal is stopped, away for ten seconds, and started again. */
const temporalAway = () =>
  withCleanups(async (onEnd) => {
    const dataDir = makeDataDir();
    onEnd(dataDir.close);
    const needs = { needPostgres: false, needTemporal: true };
    let servers = await startOwnServers(dataDir.path, needs);
    onEnd(() => servers.stop());
    const forwarder = await startForwarder(servers.temporalAddress ?? '');
    onEnd(forwarder.close);
    const api = await startTestApi();
    onEnd(api.close);
    const worker = await startTestWorker(api.db, { temporalAddress: forwarder.address });
    onEnd(worker.close);
    const receiver = await startReceiver();
    onEnd(receiver.close);
    const { key, endpointId } = await subscribe(api, receiver.url, ['stock.movement.created']);
    await api.request('POST', '/parts', { key, body: { sku: 'A', name: 'A' } });
    await api.request('POST', '/locations', { key, body: { name: 'L' } });

    const answers: { status: number; tookMs: number; movementId: number }[] = [];
    const post = async () => {
      const startedAt = performance.now();
      const body = { kind: 'receive', sku: 'A', location: 'L', qty: 1 };
      const { status, headers } = await api.request('POST', '/movements', { key, body });
      const movementId = Number(headers.get('location')?.split('/').at(-1));
      answers.push({ status, tookMs: performance.now() - startedAt, movementId });
    };
    let isOver = false;
    const posting = (async () => {
      while (!isOver) {
        await post();
        await delay(250);
      }
    })();
    await receiver.waitFor(2);
    await servers.stop();
    const awaySinceMs = Date.now();
    await delay(10_000);
    const arrivedWhileAway = receiver.received.filter(({ atMs }) => atMs > awaySinceMs + 100).length;
    servers = await startOwnServers(dataDir.path, needs);
    forwarder.target = servers.temporalAddress ?? '';
    await delay(1_000);
    isOver = true;
    await posting;
    await eventually(
      async () => (await deliveriesOf(api.db, endpointId)).every(({ isEnded }) => isEnded),
      'every delivery ended',
      60_000,
    ).catch(() => undefined);
    await delay(4_000); // time for a repeat that must not come
    return {
      answers,
      arrivedWhileAway,
      arrived: receiver.received.map(({ headers }) => Number(headers['x-mk-movement'])),
      statuses: new Set((await deliveriesOf(api.db, endpointId)).map(({ status }) => status)),
    };
  });

const workerKilledInSecondAttempt = () =>
  withCleanups(async (onEnd) => {
    const api = await startTestApi();
    onEnd(api.close);
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    onEnd(() => connection.close());
    const namespace = await createNamespace(connection);
    const doomed = await startWorkerProcess(api.db, { namespace });
    onEnd(doomed.kill);
    const { receiver, endpointId, send } = await subscriber(onEnd, api, (count) =>
      count === 2 ? undefined : failsOnce(count),
    );
    await send();
    await receiver.waitFor(2, 40_000);
    await delay(2_000);
    await doomed.kill();
    const next = await startTestWorker(api.db, { namespace });
    onEnd(next.close);
    await receiver.waitFor(3, 100_000);
    const delivery = await ended(api.db, endpointId);
    return { received: receiver.received, delivery, attempts: await attemptsOf(api.db, delivery.id) };
  });

describe('an outage', () => {
  /** They wait for real backoffs, so they run beside one another; their busy moments fall apart. */
  const begin = <T>(afterMs: number, run: () => Promise<T>) => {
    const running = delay(afterMs).then(run);
    running.catch(() => undefined);
    return running;
  };
  let temporalTwice: ReturnType<typeof temporalKilledTwice>;
  let both: ReturnType<typeof bothKilled>;
  let away: ReturnType<typeof temporalAway>;
  let workerKilled: ReturnType<typeof workerKilledInSecondAttempt>;
  beforeAll(() => {
    workerKilled = begin(0, workerKilledInSecondAttempt);
    temporalTwice = begin(0, temporalKilledTwice);
    both = begin(12_000, bothKilled);
    away = begin(55_000, temporalAway);
  });

  afterAll(() => Promise.allSettled([temporalTwice, both, away, workerKilled]));

  it(
    'of Temporal, killed twice in the backoff: nothing is early, late, lost or doubled',
    async () => expectOnTimeOnce(await temporalTwice),
    runTimeoutMs,
  );

  it(
    'of Temporal, PostgreSQL and Temporal again in the backoff: nothing is early, late, lost or doubled',
    async () => expectOnTimeOnce((await both).inBackoff),
    runTimeoutMs,
  );

  it(
    'of PostgreSQL while a POST is under way: it is delivered, and POSTed once more at most',
    async () => {
      const { underWay } = await both;
      expect(underWay).toHaveLength(answersAfterKillMs.length);
      for (const { status, requests } of underWay) {
        expect(status).toBe('delivered');
        expect([1, 2]).toContain(requests);
      }
    },
    runTimeoutMs,
  );

  it(
    'of Temporal for ten seconds: movements answer at once all the time, and arrive exactly once when it is back',
    async () => {
      const { answers, arrivedWhileAway, arrived, statuses } = await away;
      expect(answers.length).toBeGreaterThan(20);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
      expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(500);
      expect(arrivedWhileAway).toBe(0);
      expect(statuses).toEqual(new Set(['delivered']));
      expect(arrived.toSorted((a, b) => a - b)).toEqual(answers.map(({ movementId }) => movementId));
    },
    runTimeoutMs,
  );

  it(
    'of a worker, killed in a scheduled attempt: that one counts as failed 20 s after it started',
    async () => {
      const { received, delivery, attempts } = await workerKilled;
      expect(delivery).toMatchObject({ status: 'delivered', attemptsMade: 3 });
      expect(attempts.map(({ errorClass }) => errorClass)).toEqual(['http_5xx', 'interrupted', null]);
      expect(received).toHaveLength(3);
      const waitMs = countsAsFailedAfterMs + secondWaitMs;
      const [, second, third] = attempts;
      expect((third?.startedAtMs ?? 0) - (second?.startedAtMs ?? 0)).toBeGreaterThanOrEqual(waitMs);
      const betweenRequestsMs = (received[2]?.atMs ?? 0) - (received[1]?.atMs ?? 0);
      expect(Math.abs(betweenRequestsMs - waitMs)).toBeLessThanOrEqual(mayBeLateMs);
    },
    runTimeoutMs,
  );
});
