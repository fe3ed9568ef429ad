import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { attemptsOf, deliveriesOf, subscribe } from '../support/deliveries.ts';
import { type Received, startReceiver } from '../support/receiver.ts';
import { type SkippingWorker, startSkippingWorker } from '../support/skipping-worker.ts';

/** The published schedule, written out: 30 s, 1 min, 2 min, … between a failure and the next attempt. */
const waitsS = [30, 60, 120, 240, 480, 960, 1_920, 3_840, 7_680, 15_360];
const lateMs = 1_000;
const hourS = 3_600;

let api: TestApi;
let worker: SkippingWorker;

beforeAll(async () => {
  api = await startTestApi();
  worker = await startSkippingWorker(api.db);
});
afterAll(async () => {
  await worker?.close();
  await api?.close();
});

interface Answer {
  status: number;
  headers?: Record<string, string>;
}

/** One delivery from its start to its end, against a receiver that answers as told. */
async function runAgainst(answer: (attempt: number, received: Received) => Answer | Promise<Answer>) {
  const atMs: number[] = [];
  const receiver = closing(
    await startReceiver(async (response, received, count) => {
      atMs.push(await worker.nowMs());
      const { status, headers } = await answer(count, received);
      response.writeHead(status, headers).end();
    }),
  );
  const subscriber = await subscribe(api, receiver.url, ['part.created']);
  await subscriber.createPart();
  const startedAtMs = await worker.nowMs();
  const end = await worker.runDelivery(subscriber.endpointId);
  const [delivery] = await deliveriesOf(api.db, subscriber.endpointId);
  if (delivery === undefined) throw new Error('no delivery');
  return {
    end,
    atMs,
    /** From one attempt to the next. */
    gapsMs: atMs.slice(1).map((at, i) => at - (atMs[i] ?? Number.NaN)),
    startedAtMs,
    received: receiver.received,
    delivery,
    subscriber,
    host: new URL(receiver.url).host,
  };
}

function expectWaits(gapsMs: number[], expectedS: number[]): void {
  expect(gapsMs).toHaveLength(expectedS.length);
  for (const [i, gapMs] of gapsMs.entries()) {
    const waitMs = (expectedS[i] ?? Number.NaN) * 1_000;
    expect(gapMs, `wait ${i + 1}: never early`).toBeGreaterThanOrEqual(waitMs);
    expect(gapMs, `wait ${i + 1}: at most 1 s late`).toBeLessThanOrEqual(waitMs + lateMs);
  }
}

describe('a receiver that always answers 503', () => {
  it('is tried eleven times over 8 h 31 min on the published schedule, then the delivery has failed', async () => {
    const { end, atMs, gapsMs, startedAtMs, received, delivery, host } = await runAgainst(() => ({ status: 503 }));

    expect(atMs).toHaveLength(11);
    expect((atMs[0] ?? 0) - startedAtMs).toBeLessThan(10_000);
    expectWaits(gapsMs, waitsS);
    const totalMs = (atMs.at(-1) ?? 0) - (atMs[0] ?? 0);
    expect(Math.floor(totalMs / 60_000)).toBe(8 * 60 + 31);

    expect(end).toEqual({ failure: expect.stringMatching(/^HTTP 503 from .* in \d+ ms, attempt 11 of 11/) });
    expect(delivery).toMatchObject({ status: 'failed', attemptsMade: 11, isEnded: true, isUnderWay: false });
    expect(delivery.lastFailure).toMatch(`HTTP 503 from ${host} in `);

    await worker.env.sleep('48 hours');
    expect(received).toHaveLength(11);
  });

  it('leaves one line in the attempt log for each attempt, at its time', async () => {
    const { delivery, atMs } = await runAgainst(() => ({ status: 503 }));
    const lines = await attemptsOf(api.db, delivery.id);
    expect(lines.map((line) => line.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(lines.map((line) => line.trigger)).toEqual(['instant', ...Array(10).fill('scheduled')]);
    for (const [i, line] of lines.entries()) {
      expect(line).toMatchObject({ statusCode: 503, errorClass: 'http_5xx' });
      const receivedLaterMs = (atMs[i] ?? Number.NaN) - line.startedAtMs;
      expect(receivedLaterMs).toBeGreaterThanOrEqual(0);
      expect(receivedLaterMs).toBeLessThan(lateMs);
    }
  });

  it('sees the same webhook-id and the same body each time', async () => {
    const { received, delivery } = await runAgainst(() => ({ status: 503 }));
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([delivery.eventId]));
    expect(new Set(received.map(({ rawBody }) => rawBody)).size).toBe(1);
  });
});

it.each([2, 5, 9, 11])('keeps failing until attempt %i, then delivers, and no attempt follows', async (success) => {
  const { end, gapsMs, delivery, received } = await runAgainst((attempt) => ({
    status: attempt < success ? 503 : 200,
  }));
  expectWaits(gapsMs, waitsS.slice(0, success - 1));
  expect(end).toEqual({ status: 'delivered' });
  expect(delivery).toMatchObject({ status: 'delivered', attemptsMade: success, lastFailure: null, isEnded: true });

  await worker.env.sleep('24 hours');
  expect(received).toHaveLength(success);
});

describe('Retry-After', () => {
  /** The waits when attempt `at` is answered with it, and everything before with a bare 503; attempt `at + 1` succeeds. */
  async function waitsWith(answer: () => Answer, at = 1): Promise<number[]> {
    const { gapsMs, end } = await runAgainst((attempt) =>
      attempt === at ? answer() : { status: attempt > at + 1 ? 200 : 503 },
    );
    expect(end).toEqual({ status: 'delivered' });
    return gapsMs;
  }
  const retryAfter = (status: number, value: string): (() => Answer) => {
    return () => ({ status, headers: { 'Retry-After': value } });
  };
  const httpDate = (inS: number) => new Date(Date.now() + inS * 1_000).toUTCString();

  it.each([503, 429])('in seconds on a %i delays the next attempt, and only that', async (status) => {
    expectWaits(await waitsWith(retryAfter(status, '100')), [100, 60]);
  });

  it('longer than a later wait delays a scheduled attempt too', async () => {
    expectWaits(await waitsWith(retryAfter(503, '4000'), 3), [30, 60, 4_000, 240]);
  });

  it.each(['0', '1', '29'])('of %s s never brings an attempt forward', async (seconds) => {
    expectWaits(await waitsWith(retryAfter(503, seconds)), [30, 60]);
  });

  it('as a date delays to no earlier than that date', async () => {
    let untilMs = 0;
    const [firstMs = 0, ...others] = await waitsWith(() => {
      const headers = { 'Retry-After': httpDate(3 * hourS) };
      untilMs = Date.parse(headers['Retry-After']) - Date.now();
      return { status: 503, headers };
    });
    expect(firstMs).toBeGreaterThanOrEqual(untilMs);
    expect(firstMs).toBeLessThanOrEqual(untilMs + lateMs);
    expectWaits(others, [60]);
  });

  it.each(['in the past', 'earlier than the schedule'])(
    'as a date %s never brings an attempt forward',
    async (when) => {
      const inS = when === 'in the past' ? -hourS : 10;
      expectWaits(await waitsWith(() => ({ status: 429, headers: { 'Retry-After': httpDate(inS) } })), [30, 60]);
    },
  );

  it.each([
    ['86400', 'seconds'],
    ['99999999999999999999', 'absurd seconds'],
    [new Date(Date.now() + 400 * 24 * hourS * 1_000).toUTCString(), 'a date'],
  ])('is capped at 6 h (%s: %s)', async (value) => {
    expectWaits(await waitsWith(retryAfter(503, value)), [6 * hourS, 60]);
  });

  it('never shortens a wait that is itself longer than 6 h would be', async () => {
    expectWaits(await waitsWith(retryAfter(503, '86400'), 9), [...waitsS.slice(0, 8), 6 * hourS, 15_360]);
  });

  it.each([500, 502, 404, 301, 400])('is ignored on a %i', async (status) => {
    expectWaits(await waitsWith(retryAfter(status, '5000')), [30, 60]);
  });

  it.each(['soon', '', '-500', '1.5', '300 s', 'about 5000'])('that is neither (%j) is ignored', async (value) => {
    expectWaits(await waitsWith(retryAfter(503, value)), [30, 60]);
  });

  it('asked for each time stretches the eleven attempts over 60 h', async () => {
    const { end, gapsMs } = await runAgainst(retryAfter(503, String(6 * hourS)));
    expectWaits(gapsMs, Array(10).fill(6 * hourS));
    expect(end).toEqual({ failure: expect.stringContaining('attempt 11 of 11') });
  });
});

describe('while a delivery waits', () => {
  const disable = (endpointId: number) =>
    api.db.pool.query(`update webhook_endpoint set disabled_at = now(), disabled_reason = 'by hand' where id = $1`, [
      endpointId,
    ]);
  const enable = (endpointId: number) =>
    api.db.pool.query('update webhook_endpoint set disabled_at = null, disabled_reason = null where id = $1', [
      endpointId,
    ]);
  const endpointOf = async (received: Received) => {
    const { rows } = await api.db.pool.query('select endpoint_id from delivery where event_id = $1', [
      received.headers['webhook-id'],
    ]);
    return Number(rows[0].endpoint_id);
  };

  it('a 410 to a later attempt ends it at once and disables the endpoint', async () => {
    const { end, gapsMs, delivery, subscriber } = await runAgainst((attempt) => ({ status: attempt < 3 ? 503 : 410 }));
    expectWaits(gapsMs, waitsS.slice(0, 2));
    expect(end).toEqual({ failure: expect.stringMatching(/^HTTP 410 from /) });
    expect(delivery).toMatchObject({ status: 'failed', attemptsMade: 3, isEnded: true });
    const { rows } = await api.db.pool.query(
      'select disabled_at, disabled_reason from webhook_endpoint where id = $1',
      [subscriber.endpointId],
    );
    expect(rows[0].disabled_at).not.toBeNull();
    expect(rows[0].disabled_reason).toContain('410');
  });

  it('an endpoint disabled meanwhile gets no further attempt; the delivery ends without failing', async () => {
    const { end, atMs, delivery } = await runAgainst(async (attempt, received) => {
      if (attempt === 2) await disable(await endpointOf(received));
      return { status: 503 };
    });
    expect(atMs).toHaveLength(2);
    expect(end).toEqual({ status: 'endpoint_disabled' });
    expect(delivery).toMatchObject({ status: 'endpoint_disabled', attemptsMade: 2, isEnded: true });
  });

  it('an endpoint disabled and enabled again before the next attempt is due just gets it', async () => {
    const { end, gapsMs } = await runAgainst(async (attempt, received) => {
      const endpointId = await endpointOf(received);
      if (attempt === 1) await disable(endpointId).then(() => enable(endpointId));
      return { status: attempt < 3 ? 503 : 200 };
    });
    expectWaits(gapsMs, waitsS.slice(0, 2));
    expect(end).toEqual({ status: 'delivered' });
  });
});
