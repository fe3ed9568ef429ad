import { DeadlockException, LockMode, UniqueConstraintViolationException } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Connection, Queryable } from '../../db/database.ts';
import { ApiError, conflict } from '../../errors.ts';
import { itemError, orError, refuseFaults } from '../../http/batch.ts';
import type { Actor } from '../../organizations/actor.ts';
import { emitEvents } from '../../webhooks/emit-event.ts';
import { type PartBatch, type PartItem, type PartTask, taskOf } from './batch.ts';
import { buildPart, changePart, changesUnit, externalIdTaken, partsWithMovements, placed } from './change-part.ts';
import { locationFinder, minimumsOf, writeMinimums } from './minimums.ts';
import { Part } from './part.ts';
import { presentPart } from './present-part.ts';
import type { NewPart, PartPatch } from './schema.ts';

/** What came of one item. */
export interface PutPart {
  status: 'created' | 'updated' | 'unchanged';
  part: Part;
  hasNewMinimums: boolean;
}

export interface PutParts {
  /** One for each item, in order; of an atomic batch none is an error. */
  results: (PutPart | ApiError)[];
  deliveries: number;
}

/** A sku or `externalId` that a single write takes in the same moment is there on the next try. */
const maxTries = 3;
const isRace = (error: unknown) =>
  error instanceof UniqueConstraintViolationException || error instanceof DeadlockException;

/**
 * Creates the parts whose sku is new and patches those that exist, in a handful of statements, and sends `part.created` and
 * `part.updated` for what really changed. All or nothing when atomic: then it throws the first refusal, naming the item;
 * otherwise a refusal is its item's result. A dry run writes nothing.
 */
export async function putParts({ db, actor }: { db: Connection; actor: Actor }, batch: PartBatch): Promise<PutParts> {
  for (let tries = 1; ; tries++) {
    try {
      return await db.transaction((connection) => putOnce(connection, actor, batch));
    } catch (error) {
      if (!isRace(error)) throw error;
      if (tries === maxTries) throw conflict('Other requests take the same `sku` or `externalId`; try again.');
    }
  }
}

interface Scope {
  pool: Queryable;
  organizationId: number;
}

async function putOnce(db: Connection, actor: Actor, { items, atomic, dryRun }: PartBatch): Promise<PutParts> {
  const em = db.em();
  const scope = { pool: db.pool, organizationId: actor.organizationId };
  const parts = await lockParts(em, scope, items);
  const tasks = items.map((item) => (item instanceof ApiError ? item : taskOf(item, parts.get(item.skuKey))));
  if (atomic) refuseFaults('parts', tasks);

  const carryOut = await taskRunner(
    em,
    scope,
    tasks.filter((task): task is PartTask => !(task instanceof ApiError)),
  );
  const results = tasks.map((task, index): PutPart | ApiError => {
    const result = task instanceof ApiError ? task : orError(() => carryOut(task));
    if (atomic && result instanceof ApiError) throw itemError('parts', index, result);
    return result;
  });

  if (dryRun) {
    em.clear(); // or the end of the transaction would write the changes
    return { results, deliveries: 0 };
  }
  const put = results.filter((result) => !(result instanceof ApiError));
  await write(em, scope, put);
  const events = put.flatMap(({ status, part }) =>
    status === 'unchanged' ? [] : [{ type: `part.${status}` as const, data: presentPart(part) }],
  );
  return { results, deliveries: await emitEvents(scope.pool, { actor, events, createdAt: new Date() }) };
}

/**
 * The parts that exist, by sku as it is matched, with their minimums. An organization's batches go one after the other, so
 * that new skus and external ids cannot make two wait for each other; the parts' rows in the order of their ids, as
 * movements lock them.
 */
async function lockParts(em: EntityManager, scope: Scope, items: (PartItem | ApiError)[]): Promise<Map<string, Part>> {
  const { pool, organizationId } = scope;
  await pool.query('select from organization where id = $1 for no key update', [organizationId]);
  const skuKeys = items.flatMap((item) => (item instanceof ApiError ? [] : [item.skuKey]));
  const parts = await em.find(
    Part,
    { organizationId, skuKey: { $in: skuKeys } },
    { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } },
  );
  const minimums = await minimumsOf(scope, parts.map(idOf));
  for (const part of parts) part.locationMinimums = minimums.get(part.id) ?? [];
  return new Map(parts.map((part) => [part.skuKey, part]));
}

/**
 * Looks up what the tasks need to know. Answers a function that carries one out, on objects only; it throws the task's
 * refusal before it touches the part.
 */
async function taskRunner(em: EntityManager, scope: Scope, tasks: PartTask[]): Promise<(task: PartTask) => PutPart> {
  const now = new Date();
  const inputs = tasks.map((task) => task.input);
  const placesOf = await locationFinder(
    scope,
    inputs.map((input) => input.locationMinimums ?? []),
  );
  const owners = await externalIdOwners(
    scope,
    inputs.flatMap(({ externalId }) => externalId ?? []),
  );
  const ofAnotherUnit = tasks.flatMap(({ part, input }) => (part && changesUnit(part, input) ? [part] : []));
  const moved = await partsWithMovements(scope, ofAnotherUnit.map(idOf));

  return (task) => {
    const { skuKey } = task;
    const { externalId } = task.input;
    // What another part gives up in this very batch is not free yet: the database orders the writes as it likes.
    if (externalId != null && (owners.get(externalId) ?? skuKey) !== skuKey) throw externalIdTaken(externalId);
    const put = task.part === undefined ? create(task.input) : change(task.part, task.input);
    if (externalId != null) owners.set(externalId, skuKey);
    return put;
  };

  function create(input: NewPart): PutPart {
    const part = buildPart(em, scope.organizationId, placed(input, placesOf), now);
    return { status: 'created', part, hasNewMinimums: part.locationMinimums.length > 0 };
  }

  function change(part: Part, input: PartPatch): PutPart {
    const changes = changePart(part, placed(input, placesOf), { hasMovements: moved.has(part.id) });
    return { status: changes.isChanged ? 'updated' : 'unchanged', part, hasNewMinimums: changes.hasNewMinimums };
  }
}

/** Whose the external ids are that the batch asks for: the part's sku as it is matched. */
async function externalIdOwners({ pool, organizationId }: Scope, externalIds: string[]): Promise<Map<string, string>> {
  if (externalIds.length === 0) return new Map();
  const { rows } = await pool.query<{ external_id: string; sku_key: string }>(
    'select external_id, sku_key from part where organization_id = $1 and external_id = any ($2)',
    [organizationId, externalIds],
  );
  return new Map(rows.map((row) => [row.external_id, row.sku_key]));
}

/** New parts in the order of their skus, as every batch. */
async function write(em: EntityManager, scope: Scope, put: PutPart[]): Promise<void> {
  const created = put.filter(({ status }) => status === 'created').map(({ part }) => part);
  await em.persist(created.sort((a, b) => (a.skuKey < b.skuKey ? -1 : 1))).flush();
  await writeMinimums(
    scope,
    put.filter(({ hasNewMinimums }) => hasNewMinimums).map(({ part }) => part),
  );
}

const idOf = (part: Part) => part.id;
