import { inject } from 'vitest';
import { type ServiceProcess, startServiceProcess } from './service-process.ts';

/** `src/server.ts` as a process of its own, once it answers. Its key opens the test database's secrets. */
export const startServerProcess = (
  databaseUrl: string,
  { namespace = 'default', env = {} }: { namespace?: string; env?: Record<string, string> } = {},
): Promise<ServiceProcess> =>
  startServiceProcess('server.ts', {
    ...process.env,
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace,
    SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
    LOG_LEVEL: 'silent',
    ...env,
  });
