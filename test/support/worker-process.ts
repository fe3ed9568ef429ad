import { inject } from 'vitest';
import type { TestDatabase } from './database.ts';
import { type ServiceProcess, startServiceProcess } from './service-process.ts';

/** `src/worker.ts` as a process of its own, once it says that it is healthy. Its key opens the test database's secrets. */
export const startWorkerProcess = (
  db: TestDatabase,
  {
    namespace,
    temporalAddress = inject('temporalAddress'),
    env = {},
  }: { namespace: string; temporalAddress?: string; env?: NodeJS.ProcessEnv },
): Promise<ServiceProcess> =>
  startServiceProcess('worker.ts', {
    ...process.env,
    DATABASE_URL: db.url,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
    WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
    LOG_LEVEL: 'silent',
    ...env,
  });
