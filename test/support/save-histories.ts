import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { NativeConnection } from '@temporalio/worker';
import { inject } from 'vitest';
import { createStartDelivery, type DeliveryRow, deliveryColumns } from '../../src/webhooks/start-delivery.ts';
import { deliveryWorkflowId, retryNowUpdate, webhookTaskQueue } from '../../workflows/contract.ts';
import { startTestApi, type TestApi } from './api.ts';
import { deliveriesOf, eventually, type Subscriber, subscribe } from './deliveries.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type SkippingWorker, startSkippingWorker } from './skipping-worker.ts';
import { createNamespace, startTestWorker } from './worker.ts';

/** The paths of the workflows; a history of each is replayed against every later version. */
export const historyNames = [
  'delivered-at-once',
  'gone-410',
  'failed-once-then-delivered',
  'failed-eleven-times',
  'endpoint-disabled-while-waiting',
  'retried-by-hand-and-delivered',
  'retried-by-hand-and-failed-then-delivered',
  'retried-by-hand-between-scheduled-attempts',
  'cancelled-while-waiting',
  'cancelled-between-scheduled-attempts',
  'deferred-then-delivered',
  'deferred-then-failed-then-delivered',
  'deferred-for-no-worker-ran',
  'deferred-as-retrying-then-delivered',
  'deferred-as-retrying-then-failed-then-delivered',
  'recover-deliveries',
  'maintain-attempt-log',
  'maintain-attempt-log-and-keys',
  'audit-ledger',
  'audit-ledger-differs',
] as const;
type HistoryName = (typeof historyNames)[number];

/** A status for each request in turn, the last one for all that follow. */
type Answers = number[];

/**
 * Runs every path for which `directory` has no history yet and saves it there as `NAME.json`. A history that is there is
 * kept: workflows that began with it may still be running. By hand, when the workflows gain a path:
 * `SAVE_HISTORIES=1 npx vitest run test/delivery/replay.test.ts` (about 80 s).
 */
export async function saveHistories(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const missing = new Set(historyNames.filter((name) => !existsSync(join(directory, `${name}.json`))));
  const save: Save = async (client, name, workflowId) => {
    const history = await client.workflow.getHandle(workflowId).fetchHistory();
    const json = JSON.stringify(impersonal(historyToJson(history)), null, 1);
    await writeFile(join(directory, `${name}.json`), `${json}\n`);
  };
  if (missing.size === 0) return;
  await onRealServer(missing, save);
  await onSkippingServer(missing, save);
}

/**
 * Proto3 JSON, as Temporal's UI and CLI write it. The SDK's own conversion does not work where npm gives @temporalio/common
 * and @temporalio/proto a protobufjs each ("type must be a Type"): this is the same one, in the copy that made the types.
 */
const commonRequire = createRequire(createRequire(import.meta.url).resolve('@temporalio/common'));
const protoJson = createRequire(commonRequire.resolve('@temporalio/proto'))('protobufjs/ext/protojson');
const historyType = commonRequire('@temporalio/proto').lookupType('temporal.api.history.v1.History');

export const historyFromJson = (json: unknown): History => protoJson.fromJson(historyType, json);
const historyToJson = (history: History): unknown => protoJson.toJson(historyType, historyType.fromObject(history));

type Save = (client: Client, name: HistoryName, workflowId: string) => Promise<void>;

/** The SDK's runtime is one for the process: the two servers take turns. */
async function onRealServer(missing: Set<HistoryName>, save: Save): Promise<void> {
  const api = await startTestApi();
  const worker = await startTestWorker(api.db);
  const late = missing.has('deferred-for-no-worker-ran') ? saveLateStart(save) : Promise.resolve();
  const { client } = worker;
  const handleOf = (workflowId: string) => client.workflow.getHandle(workflowId);
  const paths: Partial<Record<HistoryName, () => Promise<string>>> = {
    'delivered-at-once': () => deliver(api, [200], 1),
    'gone-410': () => deliver(api, [410], 1),
    'deferred-then-delivered': () => deliver(api, [503, 200], 2),
    'deferred-as-retrying-then-delivered': () => deliver(api, [503, 200], 2),
    'retried-by-hand-and-delivered': async () => retried(await deliver(api, [503, 200], 1)),
    'retried-by-hand-between-scheduled-attempts': async () => retried(await deliver(api, [503, 503, 200], 2)),
    'cancelled-while-waiting': async () => cancelled(await deliver(api, [503], 1)),
    'cancelled-between-scheduled-attempts': async () => cancelled(await deliver(api, [503], 2)),
    'recover-deliveries': () => recover(api),
    'maintain-attempt-log-and-keys': () => startByHand('maintainAttemptLog'),
    'audit-ledger': () => startByHand('auditLedger'),
    async 'audit-ledger-differs'() {
      await api.request('POST', '/parts', { body: { sku: 'WRONG', name: 'Part' } });
      await api.db.pool.query('update part set on_hand = 1');
      return startByHand('auditLedger');
    },
  };

  async function startByHand(workflowType: string): Promise<string> {
    const workflowId = `${workflowType}-by-hand-${randomUUID()}`;
    await client.workflow.start(workflowType, { workflowId, taskQueue: webhookTaskQueue });
    return workflowId;
  }

  async function retried(workflowId: string): Promise<string> {
    await handleOf(workflowId).executeUpdate(retryNowUpdate);
    return workflowId;
  }
  async function cancelled(workflowId: string): Promise<string> {
    await handleOf(workflowId).cancel();
    return workflowId;
  }

  for (const [name, path] of entriesOf(paths)) {
    if (!missing.has(name)) continue;
    const workflowId = await path();
    await eventually(() => handleOf(workflowId).describe(), `${workflowId} has started`);
    await hasClosed(client, workflowId);
    await save(client, name, workflowId);
  }
  await late;
  await worker.close();
  await api.close();
  await closeReceivers();
}

/** More than one step puts back. */
const missedCount = 120;

async function recover(api: TestApi): Promise<string> {
  const { key, endpointId, createPart } = await subscribe(api, await receiverUrl([200]), ['part.created']);
  const post = (action: string, body?: object) =>
    api.request('POST', `/webhook-endpoints/${endpointId}/${action}`, { key, body });
  const since = new Date(Date.now() - 3_600_000).toISOString();
  await post('disable');
  for (let i = 0; i < missedCount; i++) await createPart();
  await post('enable');
  const { body } = await post('recover', { since });
  return `recovery/${body.data.id}`;
}

/** A worker comes more than a minute after the workflow's start: too late for an instant attempt. */
async function saveLateStart(save: Save): Promise<void> {
  const api = await startTestApi();
  const address = inject('temporalAddress');
  const connection = await Connection.connect({ address });
  const namespace = await createNamespace(connection);
  const native = await NativeConnection.connect({ address }); // a start with an eager first task asks for it
  const client = new Client({ connection: native, namespace });
  const { createPart, endpointId } = await subscribe(api, await receiverUrl([200]), ['part.created']);
  await createPart();
  const row = await newestDelivery(api, endpointId);
  await createStartDelivery(client)(row);
  await api.db.pool.query('update delivery set dispatched_at = clock_timestamp()');
  await delay(62_000);
  const worker = await startTestWorker(api.db, { namespace });
  await hasClosed(client, workflowIdOf(row));
  await save(client, 'deferred-for-no-worker-ran', workflowIdOf(row));
  await worker.close();
  await native.close();
  await connection.close();
  await api.close();
}

/** What takes hours, on the server that skips them. */
async function onSkippingServer(missing: Set<HistoryName>, save: Save): Promise<void> {
  const api = await startTestApi();
  const worker = await startSkippingWorker(api.db);
  const { client } = worker.env;
  const run = async (name: HistoryName, answers: Answers, options: Parameters<typeof deliverOverHours>[3] = {}) => {
    if (missing.has(name)) await save(client, name, await deliverOverHours(api, worker, answers, options));
  };
  await run('failed-once-then-delivered', [503, 200]);
  await run('failed-eleven-times', [503]);
  await run('deferred-then-failed-then-delivered', [503, 503, 503, 200], { deferred: true });
  await run('deferred-as-retrying-then-failed-then-delivered', [503, 503, 503, 200], { deferred: true });
  await run('endpoint-disabled-while-waiting', [503], {
    meanwhile: (_workflowId, { endpointId, key }) =>
      api.request('POST', `/webhook-endpoints/${endpointId}/disable`, { key }),
  });
  await run('retried-by-hand-and-failed-then-delivered', [503, 503, 200], {
    meanwhile: (workflowId) => client.workflow.getHandle(workflowId).executeUpdate(retryNowUpdate),
  });
  await worker.close();
  await api.close();
  await closeReceivers();
}

/** `deferred`: an earlier delivery made the endpoint a slow one. `meanwhile` runs while the first wait goes on. */
async function deliverOverHours(
  api: TestApi,
  worker: SkippingWorker,
  answers: Answers,
  options: { deferred?: boolean; meanwhile?: (workflowId: string, subscriber: Subscriber) => Promise<unknown> },
): Promise<string> {
  const { nativeConnection, namespace } = worker.env;
  const subscriber = await subscribe(api, await receiverUrl(answers), ['part.created']);
  const { endpointId, createPart } = subscriber;
  const start = createStartDelivery(new Client({ connection: nativeConnection, namespace: namespace ?? 'default' }));
  if (options.deferred) {
    await createPart();
    await start(await newestDelivery(api, endpointId));
    await eventually(async () => (await deliveriesOf(api.db, endpointId))[0]?.status === 'retrying', 'a failure');
  }
  await createPart();
  const row = await newestDelivery(api, endpointId);
  if (options.meanwhile) {
    await start(row);
    await eventually(async () => (await deliveriesOf(api.db, endpointId))[0]?.status === 'retrying', 'a failure');
    await options.meanwhile(workflowIdOf(row), subscriber);
  }
  await worker.runDelivery(endpointId);
  return workflowIdOf(row);
}

/** The newest of `parts` deliveries to a new endpoint, once each was attempted. */
async function deliver(api: TestApi, answers: Answers, parts: number): Promise<string> {
  const { createPart, endpointId } = await subscribe(api, await receiverUrl(answers), ['part.created']);
  for (let made = 1; made <= parts; made++) {
    await createPart();
    await eventually(async () => {
      const delivery = (await deliveriesOf(api.db, endpointId))[made - 1];
      return delivery && delivery.attemptsMade > 0 && !delivery.isUnderWay;
    }, 'an attempt');
  }
  return workflowIdOf(await newestDelivery(api, endpointId));
}

async function newestDelivery({ db }: TestApi, endpointId: number): Promise<DeliveryRow> {
  const { rows } = await db.pool.query<DeliveryRow>(
    `select ${deliveryColumns} from delivery d
     join event v on v.id = d.event_id join webhook_endpoint e on e.id = d.endpoint_id
     where d.endpoint_id = $1 order by d.id desc limit 1`,
    [endpointId],
  );
  if (rows[0] === undefined) throw new Error(`Endpoint ${endpointId} has no delivery`);
  return rows[0];
}

const workflowIdOf = (row: DeliveryRow) => deliveryWorkflowId(Number(row.endpoint_id), row.event_id, row.redelivery);

/** However it ended: the history says it. */
const hasClosed = (client: Client, workflowId: string) =>
  client.workflow
    .getHandle(workflowId)
    .result()
    .catch(() => undefined);

const receivers: Receiver[] = [];

async function receiverUrl(answers: Answers): Promise<string> {
  const receiver = await startReceiver((response, _received, count) => {
    response.writeHead(answers[Math.min(count, answers.length) - 1] ?? 500).end();
  });
  receivers.push(receiver);
  return receiver.url;
}

async function closeReceivers(): Promise<void> {
  for (const receiver of receivers.splice(0)) await receiver.close();
}

const entriesOf = <K extends string, V>(record: Partial<Record<K, V>>) => Object.entries(record) as [K, V][];

/** Without the names of machine, process and folders: worker identities, sticky queues, stack traces. */
function impersonal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(impersonal);
  if (typeof value !== 'object' || value === null) return value;
  const isSticky = 'kind' in value && value.kind === 'TASK_QUEUE_KIND_STICKY';
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === 'identity') return [key, 'worker'];
      if (key === 'stackTrace') return [key, ''];
      if (key === 'name' && isSticky) return [key, 'sticky'];
      return [key, impersonal(inner)];
    }),
  );
}
