import type { Operation } from '../operation.ts';
import { pageParameters, stockFilters } from '../parameters.ts';
import { Level, list } from '../schemas.ts';

export const stockOperations: Operation[] = [
  {
    method: 'get',
    path: '/stock',
    id: 'listStock',
    tag: 'Stock',
    summary: 'Current on-hand',
    description: 'One row for each part and location that has a movement, zeros included.',
    query: {
      ...stockFilters,
      ...pageParameters,
    },
    answers: { 200: { description: 'Stock levels.', schema: list(Level) } },
    refusals: [409],
  },
];
