import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { webhookTaskQueue } from '../../workflows/contract.ts';
import { move, newLocation, newPart, unique } from '../api/support.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { startTestWorker, type TestWorker } from '../support/worker.ts';

let api: TestApi;
let worker: TestWorker;
const logged: Record<string, unknown>[] = [];

beforeAll(async () => {
  api = await startTestApi();
  worker = await startTestWorker(api.db, { onError: (line) => logged.push(line) });
});
afterAll(async () => {
  await worker?.close();
  await api?.close();
});

const run = (workflowType: string) =>
  worker.client.workflow.execute(workflowType, {
    taskQueue: webhookTaskQueue,
    workflowId: unique(workflowType),
    args: [],
  });

/** The sentence that a workflow failed with, and its failure type. */
async function failureOf(workflowType: string) {
  const error = await run(workflowType).catch((error) => error);
  const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure)) throw error;
  return { message: cause.message, type: cause.type };
}

/** Past the triggers, as a superuser does. */
async function tamper(sql: string, values: unknown[]): Promise<void> {
  await api.db.transaction(async ({ pool }) => {
    await pool.query('set local session_replication_role = replica');
    await pool.query(sql, values);
  });
}

async function stockedPart(): Promise<number> {
  const [part, place] = [await newPart(api), await newLocation(api)];
  await move(api, { kind: 'receive', partId: part.id, locationId: place.id, qty: 2, unitCost: 50 });
  return part.id;
}

it('is scheduled for the night, in UTC, and runs when it is triggered', async () => {
  for (const [scheduleId, hour, minute] of [
    ['maintain-attempt-log', 3, 15],
    ['audit-ledger', 3, 45],
  ] as const) {
    const handle = worker.client.schedule.getHandle(scheduleId);
    const { info } = await handle.describe();
    const next = info.nextActionTimes[0];
    expect([next?.getUTCHours(), next?.getUTCMinutes()]).toEqual([hour, minute]);
    await handle.trigger();
    const started = async () => (await handle.describe()).info.recentActions[0];
    for (const giveUpAt = Date.now() + 20_000; (await started()) === undefined; await delay(50)) {
      if (Date.now() > giveUpAt) throw new Error(`${scheduleId} did not start`);
    }
    const action = (await started())?.action;
    if (action?.type !== 'startWorkflow') throw new Error(`${scheduleId} started nothing`);
    await worker.client.workflow.getHandle(action.workflow.workflowId).result();
  }
});

it('audits every organization’s parts, and completes when nothing differs', async () => {
  for (let n = 0; n < 12; n++) await stockedPart();
  const { rows } = await api.db.pool.query('select count(*)::integer as parts from part');
  expect(await run('auditLedger')).toEqual({ parts: rows[0].parts, differences: 0 });
});

it('fails with a sentence that names the parts, and logs each difference, when the ledger was tampered with', async () => {
  const [one, two] = [await stockedPart(), await stockedPart()];
  await tamper('update part set on_hand = 3 where id = $1', [one]);
  await tamper(`update movement set note = 'a secret' where part_id = $1`, [two]);
  logged.length = 0;
  expect(await failureOf('auditLedger')).toEqual({
    message: `The audit found 2 differences from the ledger, in parts ${one}, ${two}: \`mk audit\` shows them.`,
    type: 'LedgerDiffers',
  });
  const about = { organizationId: api.organizationId, msg: 'what is stored does not follow from the ledger' };
  expect(logged).toMatchObject([
    { ...about, partId: one, record: 'part', field: 'onHand', movementId: null },
    { ...about, partId: two, record: 'movement', field: 'hash', movementId: expect.any(Number) },
  ]);
  expect(JSON.stringify(logged)).not.toContain('a secret');
  await tamper('update part set on_hand = 2 where id = $1', [one]);
  await tamper('update movement set note = null where part_id = $1', [two]);
  expect(await run('auditLedger')).toMatchObject({ differences: 0 });
});

it('deletes idempotency keys after seven days, however many there are, and no younger one', async () => {
  const { pool } = api.db;
  const keys = (count: number, age: string) =>
    pool.query(
      `insert into idempotency_key (organization_id, key, fingerprint, answer, created_at)
       select $1, $2 || n, '', 'null', clock_timestamp() - $2::interval from generate_series(1, $3) n`,
      [api.organizationId, age, count],
    );
  await keys(2_500, '7 days 1 minute');
  await keys(3, '6 days 23 hours');
  expect(await run('maintainAttemptLog')).toMatchObject({ keysDeleted: 2_500 });
  const { rows } = await pool.query('select count(*)::integer as kept from idempotency_key');
  expect(rows).toEqual([{ kept: 3 }]);
});

it('leaves a key to the request that uses it at this moment', async () => {
  const { pool } = api.db;
  await pool.query(
    `insert into idempotency_key values ($1, 'used again', '', 'null', clock_timestamp() - interval '8 days')`,
    [api.organizationId],
  );
  await api.db.transaction(async (connection) => {
    const claim = await connection.pool.query(`select verdict from claim_idempotency_key($1, 'used again', '\\x01')`, [
      api.organizationId,
    ]);
    expect(claim.rows).toEqual([{ verdict: 'go' }]);
    await connection.pool.query(`select keep_answer($1, 'used again', '\\x01', '1')`, [api.organizationId]);
    expect(await run('maintainAttemptLog')).toMatchObject({ keysDeleted: 0 });
  });
  const { rows } = await pool.query(`select answer from idempotency_key where key = 'used again'`);
  expect(rows).toEqual([{ answer: 1 }]);
});
