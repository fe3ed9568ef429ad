import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { inject } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { startDeliveryWorker } from '../../src/webhooks/delivery-worker.ts';
import { registerSearchAttributes } from '../../src/webhooks/register-search-attributes.ts';
import type { TestDatabase } from './database.ts';

export interface TestWorker {
  namespace: string;
  client: Client;
  close(): Promise<void>;
}

/** Dispatcher and worker for a test database, in a Temporal namespace of their own. */
export async function startTestWorker(
  db: TestDatabase,
  options: {
    namespace?: string;
    temporalAddress?: string;
    /** Gets each line that the worker logs as an error. */
    onError?: (line: Record<string, unknown>) => void;
  } = {},
): Promise<TestWorker> {
  const { onError } = options;
  const temporalAddress = options.temporalAddress ?? inject('temporalAddress');
  const connection = await Connection.connect({ address: temporalAddress });
  const namespace = options.namespace ?? (await createNamespace(connection));
  const worker = await startDeliveryWorker({
    db,
    databaseUrl: db.url,
    temporalAddress,
    namespace,
    allowCidrs: ['127.0.0.0/8'],
    secrets: db.secrets,
    attemptLogDays: 30,
    log: onError ? createLogger('error', { write: (line) => onError(JSON.parse(line)) }) : createLogger('silent'),
  });
  return {
    namespace,
    client: new Client({ connection, namespace }),
    async close() {
      await worker.stop();
      await connection.close();
    },
  };
}

/** Workflow ids and the task queue's name are the same in every test: a namespace keeps them apart. */
export async function createNamespace(connection: Connection): Promise<string> {
  const namespace = `test-${randomUUID()}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  const client = new Client({ connection, namespace });
  const giveUpAt = Date.now() + 30_000;
  for (;;) {
    try {
      await registerSearchAttributes(client);
      await client.workflow.count();
      return namespace;
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await delay(200);
    }
  }
}
