import { randomBytes } from 'node:crypto';
import { createSecretBox } from '../src/webhooks/secret-box.ts';
import { type ServiceProcess, startServiceProcess } from '../test/support/service-process.ts';
import type { Place } from './servers.ts';

const key = randomBytes(32);
const healthyWithinMs = 60_000;

/** Opens and seals what the processes below do. */
export const secrets = createSecretBox([key]);

/** API or worker as a process of its own, with default settings. `kill` leaves its data in its own place. */
export const startService = (file: 'server.ts' | 'worker.ts', place: Place): Promise<ServiceProcess> =>
  startServiceProcess(
    file,
    {
      PATH: process.env.PATH,
      DATABASE_URL: place.databaseUrl,
      TEMPORAL_ADDRESS: place.temporalAddress,
      TEMPORAL_NAMESPACE: place.namespace,
      SECRETS_KEY: key.toString('base64'),
      WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
      LOG_LEVEL: 'error',
    },
    healthyWithinMs,
  );
