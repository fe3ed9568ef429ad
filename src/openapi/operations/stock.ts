import { levelSorts } from '../../stock/levels/list-levels.ts';
import type { Operation } from '../operation.ts';
import { dateTime, flag, listParameters, rowsOf, search, stockFilters } from '../parameters.ts';
import { Level } from '../schemas.ts';

export const stockOperations: Operation[] = [
  {
    method: 'get',
    path: '/stock',
    id: 'listStock',
    tag: 'Stock',
    summary: 'On-hand and its value, now or at a past instant',
    description: 'One row for each part and location that has a movement, zeros included.',
    query: {
      ...stockFilters,
      at: dateTime(
        'As it was at this instant, which must not be in the future: after every movement whose `createdAt` is at or before it. ' +
          'Names, units and reorder points are those of now.',
      ),
      belowReorder: flag('`true`: of parts whose total is at or below their reorder point; `false`: the others.'),
      q: search('sku, part’s name or location'),
      ...listParameters(levelSorts, 'partId'),
    },
    answers: rowsOf('Stock levels.', Level),
    refusals: [409],
  },
];
