import { z } from 'zod';
import { maxBatchItems } from '../../http/batch.ts';
import { movementSorts } from '../../stock/movements/list-movements.ts';
import { movementBody, movementKinds } from '../../stock/movements/schema.ts';
import type { Operation, Parameter } from '../operation.ts';
import { dateTime, listParameters, locationHeader, rowsOf, search, stockFilters, text } from '../parameters.ts';
import { BatchMovement, batchModes, Movement, one, RecordedMovement } from '../schemas.ts';

const tag = 'Movements';

const filters: Record<string, Parameter> = {
  ...stockFilters,
  kind: { description: 'Of one kind only.', schema: { type: 'string', enum: [...movementKinds] } },
  reference: text('With this reference.'),
  referenceLine: text('With this line of a reference.'),
  externalId: text('With this external id: of a transfer both rows.'),
  reasonCode: text('With this reason code.'),
  costCenter: text('With this cost center.'),
  workOrder: text('With this work order.'),
  since: dateTime('Created at or after this instant.'),
  until: dateTime('Created before this instant.'),
  occurredSince: dateTime('Occurred at or after this instant.'),
  occurredUntil: dateTime('Occurred before this instant.'),
  q: search('sku, part’s name, note, or any of the reference and code fields'),
};

const prefer: Parameter = {
  description: '`return=representation`: answer the full movement (of a transfer both rows).',
  schema: { type: 'string', enum: ['return=representation'] },
};

/** A union of whole answers: generators for Java do not take a list among the choices for a field. */
const recordedMovement = z
  .union([one(RecordedMovement), one(z.array(Movement), 'MovementRows')])
  .meta({ id: 'RecordMovementAnswer', description: 'Rows only of a transfer, and only when `Prefer` asks for them.' });
const results = one(z.array(BatchMovement), 'MovementBatch');

const preferenceApplied = {
  'Preference-Applied': {
    description: 'What `Prefer` asked for, when it was done.',
    schema: { type: 'string' as const },
  },
};

export const movementOperations: Operation[] = [
  {
    method: 'get',
    path: '/movements',
    id: 'listMovements',
    tag,
    summary: 'List the ledger',
    description:
      'Newest first, 100 rows unless `limit`. With `sort=sequence` in the order in which they were committed, for who follows the ' +
      'ledger: `nextCursor` is there on the last page too, and on an empty one; who sends it as `cursor` the next time misses no ' +
      'row and gets none twice, whoever writes meanwhile. `cursor=now` begins with what is still to come.',
    query: {
      ...filters,
      ...listParameters(movementSorts, '-id'),
    },
    answers: rowsOf('Ledger rows.', Movement),
    refusals: [409],
  },
  {
    method: 'post',
    path: '/movements',
    id: 'recordMovement',
    tag,
    summary: 'Record a movement',
    description:
      'Receive, consume, adjust, count or transfer. Stock never goes below zero: such a movement is refused whole.',
    headers: { Prefer: prefer },
    body: { schema: movementBody },
    answers: {
      201: {
        description: 'Recorded.',
        schema: recordedMovement,
        headers: { ...locationHeader, ...preferenceApplied },
      },
    },
  },
  {
    method: 'post',
    path: '/movements/batch',
    id: 'recordMovements',
    tag,
    summary: `Record up to ${maxBatchItems} movements`,
    description:
      'In order, each seeing what those before it left; all or none. With `atomic: false` each by itself, its `status` beside it. ' +
      'With `dryRun` nothing is recorded.',
    body: {
      schema: z
        .strictObject({
          movements: z.array(movementBody).min(1).max(maxBatchItems),
          ...batchModes,
        })
        .meta({ id: 'NewMovementBatch' }),
    },
    answers: {
      200: { description: 'What would come of it: a dry run.', schema: results },
      201: { description: 'One result for each item, in order.', schema: results },
    },
  },
  {
    method: 'get',
    path: '/movements/{id}',
    id: 'getMovement',
    tag,
    summary: 'Get a ledger row',
    answers: { 200: { description: 'The row.', schema: one(Movement) } },
  },
];
