import createClient from 'openapi-fetch';
import type { paths } from './api.ts';

/**
 * What an ERP does, through a client whose types were generated from the API's document: compiled and run beside `api.ts` by
 * typescript.test.ts. Prints what it saw as JSON.
 */
// Lists can be CSV too: this client takes JSON.
const client = createClient<paths, 'application/json'>({
  baseUrl: process.env.API_ORIGIN ?? '',
  headers: { Authorization: `Bearer ${process.env.API_KEY}` },
});

const sku = 'OIL-15W40';
const [store, van] = ['Almacén Central', 'Camioneta de Alice'];

const part = await created(
  client.POST('/api/v1/parts', {
    body: { sku, name: 'Engine oil', unit: 'L', unitCost: 18_500, description: 'To be cleared', reorderPoint: 4 },
  }),
);
for (const name of [store, van]) {
  await created(client.POST('/api/v1/locations', { body: { name, externalId: `ERP-${name}` } }));
}

const receipt = () =>
  client.POST('/api/v1/movements', {
    params: { header: { 'Idempotency-Key': 'receipt-1' } },
    body: {
      kind: 'receive',
      sku,
      location: store,
      qty: 20.5,
      reference: 'PO-1',
      referenceLine: '1',
      externalId: 'GR-1',
    },
  });
const received = await created(receipt());
const repeated = await receipt();

const batch = await created(
  client.POST('/api/v1/movements/batch', {
    body: {
      movements: [
        { kind: 'transfer', sku, from: store, to: van, qty: 5, externalId: 'TR-1' },
        { kind: 'consume', sku, location: van, qty: 1.25, workOrder: 'WO-7', externalId: 'GI-1' },
        { kind: 'count', partId: part.id, location: store, target: 15, expectedOnHand: 15.5 },
      ],
    },
  }),
);
const mistaken = batch[1]?.movementId;
if (mistaken == null) throw new Error('the batch has no second movement');
const corrected = await created(
  client.POST('/api/v1/movements', { body: { kind: 'adjust', reverses: mistaken, reasonCode: 'MISTAKE' } }),
);

const stock = await created(client.GET('/api/v1/stock', { params: { query: { sku } } }));

const ledger = [];
let cursor: string | undefined;
let pages = 0;
do {
  const query = { sku, limit: 2, ...(cursor === undefined ? {} : { cursor }) };
  const { data, error } = await client.GET('/api/v1/movements', { params: { query } });
  if (error) throw new Error(error.error.message);
  ledger.push(...data.data.map(({ kind, qtyDelta, reverses }) => ({ kind, qtyDelta, reverses })));
  cursor = data.nextCursor;
  pages += 1;
} while (cursor !== undefined);

const tooMuch = await client.POST('/api/v1/movements', { body: { kind: 'consume', sku, location: van, qty: 1_000 } });

const { response: shown } = await client.GET('/api/v1/parts/{id}', { params: { path: { id: sku } } });
const etag = shown.headers.get('ETag') ?? '';
const patch = (ifMatch: string, name: string) =>
  client.PATCH('/api/v1/parts/{id}', {
    params: { path: { id: String(part.id) }, header: { 'If-Match': ifMatch } },
    body: { name, description: null },
  });
const changed = await created(patch(etag, 'Engine oil 15W-40'));
const outdated = await patch(etag, 'Lost update');

console.log(
  JSON.stringify({
    partId: part.id,
    onHandAfterReceipt: 'onHand' in received && received.onHand,
    replayed: repeated.response.headers.get('Idempotent-Replayed'),
    batch: batch.map(({ onHand }) => onHand),
    mistaken,
    onHandAfterCorrection: 'onHand' in corrected && corrected.onHand,
    stock: stock.map(({ location, onHand }) => [location, onHand]),
    pages,
    ledger,
    refusal: tooMuch.error && [tooMuch.response.status, tooMuch.error.error.code, tooMuch.error.error.message],
    changed: [changed.name, changed.description],
    outdated: outdated.error?.error.code,
  }),
);

/** What an answer holds; throws its error. */
async function created<Body extends { data: unknown }>(
  answer: Promise<{ data?: Body; error?: { error: { message: string } } }>,
): Promise<Body['data']> {
  const { data, error } = await answer;
  if (data === undefined) throw new Error(error?.error.message);
  return data.data;
}
