import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../src/dev/ports.ts';
import { createSecretBox } from '../src/webhooks/secret-box.ts';
import type { Place } from './servers.ts';

const key = randomBytes(32);
const healthyWithinMs = 60_000;

/** Opens and seals what the processes below do. */
export const secrets = createSecretBox([key]);

export interface Service {
  /** http://127.0.0.1:port, where it answers `/healthz`. */
  origin: string;
  /** kill -9: what it leaves stays in its own place. */
  kill(): Promise<void>;
}

/** `src/server.ts` or `src/worker.ts` as a process of its own, with default settings, once it says that it is healthy. */
export async function startService(file: 'server.ts' | 'worker.ts', place: Place): Promise<Service> {
  const port = String(await freePort());
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../src/${file}`, import.meta.url))], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: place.databaseUrl,
      TEMPORAL_ADDRESS: place.temporalAddress,
      TEMPORAL_NAMESPACE: place.namespace,
      SECRETS_KEY: key.toString('base64'),
      WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
      PORT: port,
      HEALTH_PORT: port,
      LOG_LEVEL: 'error',
    },
  });
  const origin = `http://127.0.0.1:${port}`;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const service = { origin, kill: () => end(child, exited) };
  try {
    await untilHealthy(origin);
    return service;
  } catch (error) {
    await service.kill();
    throw error;
  }
}

async function end(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.kill('SIGKILL');
  await exited;
}

async function untilHealthy(origin: string): Promise<void> {
  for (const giveUpAt = Date.now() + healthyWithinMs; Date.now() < giveUpAt; await delay(50)) {
    const isHealthy = await fetch(`${origin}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isHealthy) return;
  }
  throw new Error(`${origin} was not healthy within ${healthyWithinMs} ms`);
}
