import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectError, move, newLocation, newPart, rowCounts, unique } from '../api/support.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectLedgerInvariants } from './invariants.ts';
import { apply, bodyOf, halfEven, literal, newModel, type PartModel, type Step, totalOf } from './model.ts';

let api: TestApi;
let places: { id: number; name: string }[];
beforeAll(async () => {
  api = await startTestApi();
  places = [await newLocation(api), await newLocation(api), await newLocation(api)];
});
afterAll(async () => {
  if (api) await expectLedgerInvariants(api);
  await api?.close();
});

const ledgerOf = async (partId: number) =>
  (
    await api.db.pool.query(
      'select location_id, qty_delta, on_hand, value, total_value from movement where part_id = $1 order by id',
      [partId],
    )
  ).rows;

/** Posts `[movement, what its row is worth, what the part is worth after it]` one after the other. */
async function expectValues(partId: number, steps: [object, number, number][]): Promise<void> {
  for (const [body, value, total] of steps) {
    const where = 'from' in body ? {} : { location: places[0]?.name };
    await move(api, { partId, ...where, ...body });
    const row = (await ledgerOf(partId)).at(-1);
    expect([Number(row.value), Number(row.total_value)], JSON.stringify(body)).toEqual([value, total]);
  }
  const part = (await api.db.pool.query('select value from part where id = $1', [partId])).rows[0];
  expect(Number(part.value)).toBe(steps.at(-1)?.[2]);
}

describe('the moving average', () => {
  it('of the textbook: receipts move it, issues take it along', async () => {
    const { id } = await newPart(api);
    await expectValues(id, [
      [{ kind: 'receive', qty: 100, unitCost: 1_000 }, 100_000, 100_000], // 10.00 each
      [{ kind: 'receive', qty: 50, unitCost: 1_300 }, 65_000, 165_000], // 11.00 each
      [{ kind: 'consume', qty: 60 }, -66_000, 99_000],
      [{ kind: 'receive', qty: 90, unitCost: 1_000 }, 90_000, 189_000], // 10.50 each
      [{ kind: 'consume', qty: 100 }, -105_000, 84_000],
      [{ kind: 'adjust', qtyDelta: -10 }, -10_500, 73_500],
      [{ kind: 'adjust', qtyDelta: 10 }, 10_500, 84_000],
      [{ kind: 'count', target: 70 }, -10_500, 73_500],
      [{ kind: 'count', target: 80 }, 10_500, 84_000],
      [{ kind: 'transfer', from: places[0]?.name, to: places[1]?.name, qty: 30 }, 31_500, 84_000],
      [{ kind: 'receive', qty: 20 }, 21_000, 105_000], // without a price: at the average
      [{ kind: 'consume', qty: 70 }, -73_500, 31_500],
      [{ kind: 'consume', qty: 30, location: places[1]?.name }, -31_500, 0],
    ]);
  });

  it('of a part of which nothing was left starts anew with the next receipt', async () => {
    const { id } = await newPart(api);
    await expectValues(id, [
      [{ kind: 'receive', qty: 3, unitCost: 500 }, 1_500, 1_500],
      [{ kind: 'consume', qty: 3 }, -1_500, 0],
      [{ kind: 'receive', qty: 2, unitCost: 900 }, 1_800, 1_800],
      [{ kind: 'count', target: 0 }, -1_800, 0],
      [{ kind: 'receive', qty: 2, unitCost: 0 }, 0, 0],
      [{ kind: 'consume', qty: 1 }, 0, 0],
    ]);
  });

  it('takes the entered cost only where nothing is on hand to take the average of', async () => {
    const { id } = await newPart(api, { unitCost: 700 });
    await expectValues(id, [
      [{ kind: 'receive', qty: 2 }, 1_400, 1_400],
      [{ kind: 'receive', qty: 2, unitCost: 900 }, 1_800, 3_200],
      [{ kind: 'adjust', qtyDelta: 1 }, 800, 4_000],
      [{ kind: 'count', target: 0 }, -4_000, 0],
      [{ kind: 'count', target: 3 }, 2_100, 2_100],
      [{ kind: 'adjust', qtyDelta: -3 }, -2_100, 0],
      [{ kind: 'adjust', qtyDelta: 1.5 }, 1_050, 1_050],
    ]);
    const shown = (await api.request('GET', `/parts/${id}`)).body.data;
    expect(shown.unitCost).toBe(700); // receipts never change it
  });

  it('is 0 for what never had a price', async () => {
    const { id } = await newPart(api);
    await expectValues(id, [
      [{ kind: 'receive', qty: 5 }, 0, 0],
      [{ kind: 'receive', qty: 5, unitCost: 100 }, 500, 500],
      [{ kind: 'consume', qty: 1 }, -50, 450],
    ]);
  });
});

describe('cents', () => {
  it.each([
    ['0.5', 101, 50],
    ['0.5', 103, 52],
    ['0.5', 1, 0],
    ['0.5', 3, 2],
    ['0.500001', 1, 1],
    ['0.499999', 1, 0],
    ['0.000001', 499_999, 0],
    ['0.000001', 500_000, 0],
    ['0.000001', 500_001, 1],
    ['0.000001', 1_500_000, 2],
    ['0.000001', 2_500_000, 2],
    ['33.333333', 3, 100],
    ['999999999.999999', 1_000_000, 999_999_999_999_999],
  ])('of %s at %i are %i: halves go to the even cent', async (qty, unitCost, value) => {
    const { id, sku } = await newPart(api);
    await move(
      api,
      `{"kind":"receive","sku":"${sku}","location":"${places[0]?.name}","qty":${qty},"unitCost":${unitCost}}`,
    );
    expect((await ledgerOf(id))[0].value).toBe(`${value}`);
  });

  it('that go out are halved to the even cent too, and none is lost', async () => {
    for (const [value, takes] of [
      [5, [2, 3]],
      [7, [4, 3]],
      [1, [0, 1]],
      [3, [2, 1]],
    ] as const) {
      const { id } = await newPart(api);
      await expectValues(id, [
        [{ kind: 'receive', qty: 1, unitCost: value }, value, value],
        [{ kind: 'receive', qty: 1, unitCost: 0 }, 0, value],
        [{ kind: 'consume', qty: 1 }, 0 - takes[0], takes[1]],
        [{ kind: 'consume', qty: 1 }, 0 - takes[1], 0],
      ]);
    }
  });

  it('of a third are never lost, however the stock is taken', async () => {
    const { id } = await newPart(api);
    await expectValues(id, [
      [{ kind: 'receive', qty: 0.000003, unitCost: 33_333_333 }, 100, 100],
      [{ kind: 'consume', qty: 0.000001 }, -33, 67],
      [{ kind: 'consume', qty: 0.000001 }, -34, 33], // 33.5
      [{ kind: 'consume', qty: 0.000001 }, -33, 0],
    ]);
  });

  it('beyond what a JSON number holds exactly are refused, and so is a batch that adds up to that', async () => {
    const { sku } = await newPart(api);
    const at = { kind: 'receive', sku, location: places[0]?.name };
    const before = await rowCounts(api);
    const most = Number.MAX_SAFE_INTEGER;
    for (const body of [
      { ...at, qty: 2, unitCost: most },
      { ...at, qty: 999_999_999, unitCost: most },
      { ...at, qty: 1.000001, unitCost: most },
    ]) {
      expectError(await api.request('POST', '/movements', { body }), 422, 'unprocessable', /value/);
    }
    const movements = [
      { ...at, qty: 1, unitCost: most },
      { ...at, qty: 0.000001, unitCost: 1_000_000 },
    ];
    const answer = await api.request('POST', '/movements/batch', { body: { movements } });
    expectError(answer, 422, 'unprocessable', /movements\[1\].*value/);
    expect(await rowCounts(api)).toEqual(before);
    await move(api, movements[0]);
  });
});

it('a transfer moves value and makes none', async () => {
  const { id } = await newPart(api);
  const [from, to] = [places[0]?.name, places[1]?.name];
  await move(api, { kind: 'receive', partId: id, location: from, qty: 3, unitCost: 10 });
  await move(api, { kind: 'receive', partId: id, location: from, qty: 3, unitCost: 11 });
  await move(api, { kind: 'transfer', partId: id, from, to, qty: 1 });
  const rows = await ledgerOf(id);
  expect(rows.slice(2).map((row) => [row.value, row.total_value])).toEqual([
    ['-10', '63'], // 10.5
    ['10', '63'],
  ]);
});

describe('whatever 50 writers do at once', () => {
  const writers = 50;
  const runs = 5;
  const stepsOfAWriter = 40;
  const batchSize = 10;

  const quantity = fc.oneof(
    { weight: 5, arbitrary: fc.bigInt({ min: 1n, max: 9_000_000n }) },
    { weight: 3, arbitrary: fc.bigInt({ min: 1n, max: 9n }).map((n) => n * 1_000_000n) },
    { weight: 2, arbitrary: fc.bigInt({ min: 1n, max: 3n }) },
    { weight: 1, arbitrary: fc.constantFrom(999_999_999_999_999n, 500_000_000_000_000n) },
  );
  const unitCost = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER, 1_000_001) },
  );
  const step = fc.record({
    kind: fc.constantFrom<Step['kind']>(
      ...(['receive', 'receive', 'receive', 'consume', 'consume', 'adjust', 'count', 'transfer', 'reverse'] as const),
    ),
    at: fc.nat(2),
    shift: fc.integer({ min: 1, max: 2 }),
    quantity,
    isNegative: fc.boolean(),
    isZero: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    unitCost,
    which: fc.nat(),
    isShared: fc.boolean(),
    startsRequest: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
  });
  type Generated = typeof step extends fc.Arbitrary<infer T> ? T : never;

  /** What the random numbers mean for a part as it is; a reversal of nothing is a receipt. */
  function stepOf(part: PartModel, known: number, generated: Generated): Step {
    const isReversal = generated.kind === 'reverse' && known > 0;
    const kind = generated.kind === 'reverse' && !isReversal ? 'receive' : generated.kind;
    const level = part.levels[generated.at] ?? 0n;
    const takesAll = generated.isZero && level > 0n && (kind === 'consume' || kind === 'transfer');
    const sign = kind === 'adjust' && generated.isNegative ? -1n : 1n;
    return {
      kind,
      at: generated.at,
      to: (generated.at + generated.shift) % 3,
      quantity: kind === 'count' && generated.isZero ? 0n : takesAll ? level : sign * generated.quantity,
      unitCost: kind === 'receive' ? generated.unitCost : undefined,
      which: isReversal ? generated.which % known : 0,
    };
  }

  interface Own {
    id: number;
    sku: string;
    model: PartModel;
  }

  /** Requests of one to some movements on the writer's own part, which the model foretells, and on shared ones. */
  async function write(own: Own, shared: { sku: string }[], steps: Generated[]): Promise<void> {
    let rest = steps;
    while (rest.length > 0) {
      const end = rest.findIndex((each, index) => index > 0 && (each.startsRequest || index === batchSize));
      const request = end === -1 ? rest : rest.slice(0, end);
      rest = rest.slice(request.length);
      const known = own.model.done.length;
      const expected: (string | undefined | 'any')[] = [];
      const totals: bigint[] = [];
      const bodies = request.map((generated) => {
        const other =
          generated.isShared && generated.kind !== 'reverse' ? shared[generated.which % shared.length] : undefined;
        const next = stepOf(own.model, known, generated);
        const body = bodyOf(other?.sku ?? own.sku, places, own.model, next);
        expected.push(other ? 'any' : apply(own.model, next, Number.NaN));
        totals.push(totalOf(own.model));
        return body;
      });
      const answer = await api.request('POST', '/movements/batch', {
        body: `{"atomic":false,"movements":[${bodies.join()}]}`,
      });
      expect(answer.status, answer.text).toBe(201);
      let recorded = known;
      for (const [index, item] of answer.body.data.entries()) {
        const outcome = expected[index];
        if (outcome === 'any') {
          expect(item.status === 201 ? 'recorded' : item.error.code).toMatch(
            /^(recorded|insufficient_stock|unprocessable)$/,
          );
          continue;
        }
        expect(item.error?.code, `${bodies[index]} → ${JSON.stringify(item)}`).toBe(outcome);
        if (outcome !== undefined) continue;
        expect(item.onHand).toBe(Number(literal(totals[index] ?? 0n)));
        const done = own.model.done[recorded++];
        if (done) done.movementId = item.movementId;
      }
    }
  }

  async function expectModel({ id, model }: Own): Promise<void> {
    expect(
      (await ledgerOf(id)).map((row) => [row.location_id, row.qty_delta, row.on_hand, row.value, row.total_value]),
    ).toEqual(
      model.rows.map(({ place, delta, total, value, totalValue }) => [
        `${places[place]?.id}`,
        literal(delta),
        literal(total),
        `${value}`,
        `${totalValue}`,
      ]),
    );
  }

  it(`levels, totals and values are those of the model and of the ledger, over ${runs * writers * stepsOfAWriter} movements`, async () => {
    const steps = fc.array(step, { minLength: stepsOfAWriter, maxLength: stepsOfAWriter });
    const all = fc.array(steps, { minLength: writers, maxLength: writers });
    await fc.assert(
      fc.asyncProperty(all, async (plans) => {
        const shared = await Promise.all(Array.from({ length: 5 }, () => newPart(api, { reorderPoint: 10 })));
        const owns = await Promise.all(
          plans.map(async (_, n): Promise<Own> => {
            const cost = n % 3 === 0 ? undefined : n * 7;
            const part = await newPart(api, { sku: unique('W'), unitCost: cost ?? null, reorderPoint: 4 });
            return { id: part.id, sku: part.sku, model: newModel(places.length, cost) };
          }),
        );
        let isWriting = true;
        const watching = (async () => {
          while (isWriting) await expectLedgerInvariants(api);
        })();
        try {
          await Promise.all(plans.map((plan, n) => write(owns[n] as Own, shared, plan)));
        } finally {
          isWriting = false;
          await watching;
        }
        for (const own of owns) await expectModel(own);
        await expectLedgerInvariants(api);
      }),
      { numRuns: runs, endOnFailure: true, seed: Number(process.env.LEDGER_SEED ?? 20_260_101) },
    );
  }, 180_000);
});

it('the model rounds as it should itself', () => {
  expect([5n, 15n, 25n, -5n, -15n, -25n, 14n, 16n, -16n].map((n) => halfEven(n, 10n))).toEqual([
    0n,
    2n,
    2n,
    0n,
    -2n,
    -2n,
    1n,
    2n,
    -2n,
  ]);
});
