import type { Operation } from '../operation.ts';
import { dateTime, pageParameters, stockFilters } from '../parameters.ts';
import { Level, list } from '../schemas.ts';

export const stockOperations: Operation[] = [
  {
    method: 'get',
    path: '/stock',
    id: 'listStock',
    tag: 'Stock',
    summary: 'Current on-hand',
    description: 'One row for each part and location that has a movement, zeros included. With `at`: as it was then.',
    query: {
      ...stockFilters,
      at: dateTime('The stock, and its value, as it was at this past instant.'),
      sort: {
        description: 'The order; not together with `at`.',
        schema: { type: 'string', enum: ['partId', '-partId', 'onHand', '-onHand'] },
      },
      ...pageParameters,
    },
    answers: { 200: { description: 'Stock levels.', schema: list(Level), csv: true } },
    refusals: [409],
  },
];
