import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { startTestApi } from '../support/api.ts';
import { attemptsOf, type DeliveryState, ended, subscribe } from '../support/deliveries.ts';
import { startReceiver } from '../support/receiver.ts';
import { startTestWorker } from '../support/worker.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

/** A worker is available once its process is up; the attempt it takes over needs a moment more on a busy machine. */
const repeatedWithinMs = 11_000;

interface Interrupted {
  /** From the moment that another worker was available to the repeated POST. */
  repeatedAfterMs: number;
  posts: number;
  webhookIds: Set<unknown>;
  delivery: DeliveryState;
  attempts: { number: number; trigger: string; errorClass: string | null }[];
}

/** A first attempt is held open by the receiver; its worker is killed `killAfterMs` later, and another is there. */
async function interruptInstantAttempt(killAfterMs: number): Promise<Interrupted> {
  const api = await startTestApi();
  const receiver = await startReceiver((response, _received, count) => {
    if (count > 1) response.writeHead(200).end();
  });
  const { namespace, close } = await startTestWorker(api.db);
  await delay(500); // it may be stopped at once, too: tested below
  await close();
  const doomed = await startWorkerProcess(api.db, { namespace });
  try {
    const { endpointId, createPart } = await subscribe(api, receiver.url, ['part.created']);
    await createPart();
    await receiver.waitFor(1);
    const firstAtMs = receiver.received[0]?.atMs ?? 0;
    const nextStarting = delay(Math.max(killAfterMs - 3_000, 0));
    await delay(firstAtMs + killAfterMs - Date.now());
    await doomed.kill();
    await nextStarting;
    const next = await startTestWorker(api.db, { namespace });
    const availableAtMs = Date.now();
    try {
      await receiver.waitFor(2, 90_000);
      const delivery = await ended(api.db, endpointId);
      return {
        repeatedAfterMs: (receiver.received[1]?.atMs ?? 0) - availableAtMs,
        posts: receiver.received.length,
        webhookIds: new Set(receiver.received.map(({ headers }) => headers['webhook-id'])),
        delivery,
        attempts: await attemptsOf(api.db, delivery.id),
      };
    } finally {
      await next.close();
    }
  } finally {
    await doomed.kill();
    await receiver.close();
    await api.close();
  }
}

describe('a worker killed in an instant attempt', () => {
  const killsAfterMs = [500, 5_500, 7_500, 12_000];
  const runs = new Map<number, Promise<Interrupted>>();
  beforeAll(() => {
    for (const killAfterMs of killsAfterMs) {
      const run = interruptInstantAttempt(killAfterMs);
      run.catch(() => undefined);
      runs.set(killAfterMs, run);
    }
  });

  it.each(killsAfterMs)(
    '%i ms after its start: it is repeated as the same attempt within 11 s of another worker',
    async (killAfterMs) => {
      const run = await runs.get(killAfterMs);
      if (run === undefined) throw new Error('not run');
      expect(run.delivery).toMatchObject({ status: 'delivered', attemptsMade: 1 });
      expect(run.attempts).toEqual([expect.objectContaining({ number: 1, trigger: 'instant', errorClass: null })]);
      expect(run.posts).toBe(2);
      expect(run.webhookIds.size).toBe(1);
      expect(run.repeatedAfterMs).toBeLessThanOrEqual(repeatedWithinMs);
    },
    150_000,
  );
});

it('a worker stopped at the very moment that it has started stops', async () => {
  const api = await startTestApi();
  const { close } = await startTestWorker(api.db);
  const stopped = await Promise.race([close().then(() => true), delay(28_000, false)]);
  expect(stopped).toBe(true);
  await api.close();
});
