import { expect } from 'vitest';
import type { TestApi } from '../support/api.ts';

/** What the flows of all clients print. */
export interface ErpFlow {
  partId: number;
  mistaken: number;
}

/** The flow of every generated client saw, and left behind, what it should. */
export async function expectErpFlow(api: TestApi, seen: ErpFlow): Promise<void> {
  expect(seen).toEqual({
    partId: expect.any(Number),
    onHandAfterReceipt: 20.5,
    replayed: 'true',
    batch: [20.5, 19.25, 18.75],
    mistaken: expect.any(Number),
    onHandAfterCorrection: 20,
    stock: [
      ['Almacén Central', 15],
      ['Camioneta de Alice', 5],
    ],
    pages: 3,
    ledger: [
      { kind: 'adjust', qtyDelta: 1.25, reverses: seen.mistaken },
      { kind: 'count', qtyDelta: -0.5, reverses: null },
      { kind: 'consume', qtyDelta: -1.25, reverses: null },
      { kind: 'transfer', qtyDelta: 5, reverses: null },
      { kind: 'transfer', qtyDelta: -5, reverses: null },
      { kind: 'receive', qtyDelta: 20.5, reverses: null },
    ],
    refusal: [422, 'insufficient_stock', expect.stringContaining('5')],
    changed: ['Engine oil 15W-40', null],
    outdated: 'precondition_failed',
  });
  const { body } = await api.request('GET', `/parts/${seen.partId}`);
  expect(body.data).toMatchObject({ name: 'Engine oil 15W-40', onHand: 20 });
}
