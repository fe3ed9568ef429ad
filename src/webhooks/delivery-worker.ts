import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createAddressGuard } from '../../activities/address-guard.ts';
import { createActivities } from '../../activities/deliver.ts';
import { createMaintenanceActivities } from '../../activities/maintenance.ts';
import { createPostWebhook } from '../../activities/post-webhook.ts';
import { slowTaskQueue, webhookTaskQueue } from '../../workflows/contract.ts';
import type { Database } from '../db/database.ts';
import type { Logger } from '../log.ts';
import { startDispatcher } from './dispatcher.ts';
import { createStartRecovery } from './recovery.ts';
import { registerSearchAttributes } from './register-search-attributes.ts';
import { scheduleMaintenance } from './schedule-maintenance.ts';
import type { SecretBox } from './secret-box.ts';
import { createNudgeDelivery, createStartDelivery } from './start-delivery.ts';
import { listenForWakes } from './wake.ts';

export interface DeliveryWorkerOptions {
  db: Database;
  databaseUrl: string;
  temporalAddress: string;
  namespace: string;
  allowCidrs: string[];
  secrets: SecretBox;
  attemptLogDays: number;
  log: Logger;
}

export interface DeliveryWorker {
  /** Rejects when the worker fails for good; resolves after `stop`. */
  done: Promise<void>;
  /** Lets attempts under way finish, at most 25 s. */
  stop(): Promise<void>;
}

/**
 * A hanging endpoint's first attempt holds a workflow task's slot: there are enough that healthy ones do not wait behind it.
 * Its later attempts hold slots of the slow queue only.
 */
const instantSlots = {
  maxConcurrentWorkflowTaskExecutions: 1_000,
  maxConcurrentLocalActivityExecutions: 1_000,
  maxCachedWorkflows: 2_000,
};
const slowSlots = { maxConcurrentActivityTaskExecutions: 500 };

const shutdown = {
  shutdownGraceTime: '22s', // above an attempt's limit
  shutdownForceTime: '25s',
} as const;

/**
 * Runs dispatcher and worker in this process: they share a connection, so that a delivery's first attempt starts without a
 * round trip through the server. Throws when Temporal cannot be reached.
 */
export async function startDeliveryWorker(options: DeliveryWorkerOptions): Promise<DeliveryWorker> {
  const { db, log, namespace } = options;
  installRuntime(log);
  const connection = await NativeConnection.connect({ address: options.temporalAddress });
  try {
    const client = new Client({ connection, namespace });
    await registerSearchAttributes(client);
    await scheduleMaintenance(client);
    const activities = {
      ...createActivities({
        pool: db.pool,
        secrets: options.secrets,
        post: createPostWebhook(createAddressGuard(options.allowCidrs)),
      }),
      ...createMaintenanceActivities({
        pool: db.pool,
        databaseUrl: options.databaseUrl,
        keepDays: options.attemptLogDays,
        log,
      }),
    };
    const common = { connection, namespace, activities, ...shutdown };
    const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
    const workers = [
      await Worker.create({ ...common, ...instantSlots, taskQueue: webhookTaskQueue, workflowsPath }),
      await Worker.create({ ...common, ...slowSlots, taskQueue: slowTaskQueue }),
    ];
    return run({ workers, connection, client }, options);
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw error;
  }
}

function run(
  { workers, connection, client }: { workers: Worker[]; connection: NativeConnection; client: Client },
  { db, databaseUrl, log }: DeliveryWorkerOptions,
): DeliveryWorker {
  const stopping = Promise.withResolvers<void>();
  const runOne = (worker: Worker) => worker.runUntil(stopping.promise).finally(() => stopping.resolve());
  // One that fails takes the other with it: half a worker would deliver half the webhooks.
  const running = Promise.allSettled(workers.map(runOne));
  const dispatcher = startDispatcher({
    pool: db.pool,
    start: createStartDelivery(client),
    nudge: createNudgeDelivery(client),
    startRecovery: createStartRecovery(client),
    log,
  });
  const listener = listenForWakes({ databaseUrl, log }, dispatcher.wake);
  const stopFeeding = () => Promise.all([listener.stop(), dispatcher.stop()]);

  const done = running.then(async (results) => {
    await stopFeeding();
    await connection.close();
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  });
  return {
    done,
    async stop() {
      await stopFeeding();
      stopping.resolve();
      await done;
    },
  };
}

let isRuntimeInstalled = false;

/** The SDK's one runtime for each process: its warnings go to our log, no signal handler of its own. */
function installRuntime(log: Logger): void {
  if (isRuntimeInstalled) return;
  isRuntimeInstalled = true;
  Runtime.install({
    shutdownSignals: [],
    // The core warns of every first attempt whose receiver hangs; the delivery itself says that.
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }), forward: {} } },
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      if (message.startsWith('No workflows registered')) return; // the slow queue's worker has none by design
      log[level === 'ERROR' ? 'error' : 'warn']({ temporal: meta?.error ?? meta?.sdkComponent }, message);
    }),
  });
}
