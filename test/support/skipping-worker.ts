import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createAddressGuard } from '../../activities/address-guard.ts';
import { createActivities } from '../../activities/deliver.ts';
import { createPostWebhook } from '../../activities/post-webhook.ts';
import { createStartDelivery, type DeliveryRow, deliveryColumns } from '../../src/webhooks/start-delivery.ts';
import { deliveryWorkflowId, searchAttributes, slowTaskQueue, webhookTaskQueue } from '../../workflows/contract.ts';
import type { TestDatabase } from './database.ts';
import { createTimeSkippingEnvironment } from './time-skipping-server.ts';

export interface SkippingWorker {
  env: TestWorkflowEnvironment;
  /** Of the server's clock, which skips over every wait. */
  nowMs(): Promise<number>;
  /** Starts the endpoint's newest delivery and lets the hours pass until its workflow has ended; answers how it did. */
  runDelivery(endpointId: number): Promise<{ status: string } | { failure: string }>;
  close(): Promise<void>;
}

/** A worker on a Temporal server that skips time, with real activities on a real database. */
export async function startSkippingWorker(db: TestDatabase): Promise<SkippingWorker> {
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') });
  const env = await createTimeSkippingEnvironment(Object.values(searchAttributes).map(({ name }) => name));
  const nowMs = () => env.currentTimeMs();
  const namespace = env.namespace ?? 'default';
  const common = {
    connection: env.nativeConnection,
    namespace,
    activities: createActivities({
      pool: db.pool,
      secrets: db.secrets,
      post: createPostWebhook(createAddressGuard(['127.0.0.0/8'])),
      now: async () => new Date(await nowMs()),
    }),
  };
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
  const workers = [
    await Worker.create({ ...common, taskQueue: webhookTaskQueue, workflowsPath }),
    await Worker.create({ ...common, taskQueue: slowTaskQueue }),
  ];
  const running = Promise.all(workers.map((worker) => worker.run()));
  const start = createStartDelivery(new Client({ connection: env.nativeConnection, namespace }));

  return {
    env,
    nowMs,
    async runDelivery(endpointId) {
      const row = await newestDelivery(db, endpointId);
      await start(row);
      const handle = env.client.workflow.getHandle(deliveryWorkflowId(endpointId, row.event_id));
      try {
        return { status: await handle.result() };
      } catch (error) {
        const cause = error instanceof Error ? error.cause : undefined;
        return { failure: deepestMessage(cause ?? error) };
      }
    },
    async close() {
      for (const worker of workers) worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}

async function newestDelivery({ pool }: TestDatabase, endpointId: number): Promise<DeliveryRow> {
  const { rows } = await pool.query<DeliveryRow>(
    `select ${deliveryColumns} from delivery d
     join event v on v.id = d.event_id join webhook_endpoint e on e.id = d.endpoint_id
     where d.endpoint_id = $1 order by d.id desc limit 1`,
    [endpointId],
  );
  if (rows[0] === undefined) throw new Error(`Endpoint ${endpointId} has no delivery`);
  return rows[0];
}

/** An activity's failure is wrapped in those of the engine. */
function deepestMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : deepestMessage(error.cause);
}
