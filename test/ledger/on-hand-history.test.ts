import { afterAll, beforeAll, expect, it } from 'vitest';
import { onHandHistory } from '../../src/stock/parts/on-hand-history.ts';
import { move, newLocation, newPart } from '../api/support.ts';
import { startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const dayMs = 86_400_000;

/** The history of the last days, as if now were so many days later. */
async function historyOf(partId: number, { days, daysLater = 0 }: { days: number; daysLater?: number }) {
  const until = new Date(Date.now() + daysLater * dayMs + 1_000);
  const from = new Date(until.getTime() - days * dayMs);
  const { organizationId, db } = api;
  const { points, isWhole } = await onHandHistory(db, { organizationId, partId, from, until });
  return {
    totals: points.map(({ onHand }) => onHand),
    startsAtFrom: points[0]?.at.getTime() === from.getTime(),
    isWhole,
  };
}

it('begins with what was there, and shows what was between two moments that look like one', async () => {
  const [part, location] = [await newPart(api), await newLocation(api)];
  const where = { partId: part.id, locationId: location.id };
  expect(await historyOf(part.id, { days: 30 })).toEqual({ totals: [0], startsAtFrom: true, isWhole: true });
  await move(api, { kind: 'receive', ...where, qty: 10 });
  await move(api, { kind: 'consume', ...where, qty: 9 });
  await move(api, { kind: 'receive', ...where, qty: 2 });
  expect(await historyOf(part.id, { days: 30 })).toMatchObject({ totals: [0, 1, 10, 3] });
  expect(await historyOf(part.id, { days: 30, daysLater: 40 })).toMatchObject({ totals: [3], startsAtFrom: true });
  expect(await historyOf(part.id, { days: 90, daysLater: 40 })).toMatchObject({ totals: [0, 1, 10, 3] });
});

it('reads no more than the newest movements of a busy part, and says that it did', async () => {
  const [part, location] = [await newPart(api), await newLocation(api)];
  const one = { kind: 'receive', partId: part.id, locationId: location.id, qty: 1 };
  for (let n = 0; n < 6; n++) {
    const { status } = await api.request('POST', '/movements/batch', {
      body: { movements: Array.from({ length: 1_000 }, () => one) },
    });
    expect(status).toBe(201);
  }
  const { totals, isWhole } = await historyOf(part.id, { days: 30 });
  expect([totals.at(-1), isWhole]).toEqual([6_000, false]);
  expect(Math.min(...totals)).toBe(1_001);
});
