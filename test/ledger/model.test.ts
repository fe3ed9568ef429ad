import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newLocation, newPart } from '../api/support.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectLedgerInvariants } from './invariants.ts';

let api: TestApi;
let places: { id: number; name: string }[];
beforeAll(async () => {
  api = await startTestApi();
  places = [await newLocation(api), await newLocation(api), await newLocation(api)];
});
afterAll(() => api?.close());

const max = new Decimal('999999999.999999');
type Kind = 'receive' | 'consume' | 'adjust' | 'count' | 'transfer';

interface Step {
  kind: Kind;
  /** Indexes of `places`. */
  at: number;
  to: number;
  quantity: string;
  byName: boolean;
}

/** What the specification says of one movement: the new levels, or the code of the refusal. */
function expected(levels: Decimal[], { kind, at, to, quantity }: Step): Decimal[] | string {
  const q = new Decimal(quantity);
  const allowed = kind === 'adjust' ? !q.isZero() : kind === 'count' ? q.gte(0) : q.gt(0);
  if (!allowed || q.abs().gt(max)) return 'unprocessable';
  if (kind === 'transfer' && at === to) return 'unprocessable';
  const here = levels[at] ?? new Decimal(0);
  const delta = { receive: q, consume: q.neg(), adjust: q, count: q.minus(here), transfer: q.neg() }[kind];
  const after = levels.with(at, here.plus(delta));
  if (kind === 'transfer') after[to] = (after[to] ?? new Decimal(0)).plus(q);
  if (here.plus(delta).lt(0)) return 'insufficient_stock';
  return after.some((level) => level.gt(max)) || Decimal.sum(...after).gt(max) ? 'unprocessable' : after;
}

function bodyOf(sku: string, { kind, at, to, quantity, byName }: Step): string {
  const field = { receive: 'qty', consume: 'qty', adjust: 'qtyDelta', count: 'target', transfer: 'qty' }[kind];
  const place = (index: number) => (byName ? JSON.stringify(places[index]?.name) : places[index]?.id);
  const where = kind === 'transfer' ? `"from":${place(at)},"to":${place(to)}` : `"location":${place(at)}`;
  return `{"kind":"${kind}","sku":"${sku}",${where},"${field}":${quantity}}`;
}

const microUnits = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -5_000_000, max: 9_000_000 }) },
  { weight: 3, arbitrary: fc.integer({ min: -9, max: 9 }).map((n) => n * 1_000_000) },
  { weight: 1, arbitrary: fc.constantFrom(999_999_999_999_999, 999_999_999_999_998, -999_999_999_999_999, 0, 1, -1) },
);
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Kind>('receive', 'receive', 'consume', 'adjust', 'count', 'transfer', 'transfer'),
  at: fc.nat(2),
  to: fc.nat(2),
  quantity: microUnits.map((n) => new Decimal(n).div(1_000_000).toFixed()),
  byName: fc.boolean(),
});

it('does as a model of the specification does, whatever the movements', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 16 }), async (steps) => {
      const { sku, id } = await newPart(api, { reorderPoint: 3 });
      let levels = places.map(() => new Decimal(0));
      const touched = new Set<number>();
      for (const each of steps) {
        const outcome = expected(levels, each);
        const answer = await api.request('POST', '/movements', { body: bodyOf(sku, each) });
        if (typeof outcome === 'string') {
          expect([answer.status, answer.body.error?.code], answer.text).toEqual([422, outcome]);
          continue;
        }
        levels = outcome;
        touched.add(each.at);
        if (each.kind === 'transfer') touched.add(each.to);
        expect(answer.status, answer.text).toBe(201);
        const total = Decimal.sum(...levels).toFixed();
        expect(answer.text).toBe(`{"data":{"partId":${id},"sku":"${sku}","onHand":${total},"unit":"ea"}}`);
      }
      const stock = (await api.request('GET', `/stock?partId=${id}`)).body.data;
      expect(stock.map((row: { locationId: number; onHand: number }) => [row.locationId, row.onHand])).toEqual(
        places.flatMap((place, index) => (touched.has(index) ? [[place.id, levels[index]?.toNumber()]] : [])),
      );
    }),
    { numRuns: 40, timeout: 20_000 },
  );
  await expectLedgerInvariants(api);
});
