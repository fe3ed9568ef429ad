import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { freePort } from '../../src/dev/ports.ts';
import type { TestDatabase } from './database.ts';
import { eventually } from './deliveries.ts';

const workerFile = fileURLToPath(new URL('../../src/worker.ts', import.meta.url));

export interface WorkerProcess {
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
}

/** `src/worker.ts` as a process of its own, once it says that it is healthy. Its key opens the test database's secrets. */
export async function startWorkerProcess(
  db: TestDatabase,
  {
    namespace,
    temporalAddress = inject('temporalAddress'),
    env = {},
  }: { namespace: string; temporalAddress?: string; env?: NodeJS.ProcessEnv },
): Promise<WorkerProcess> {
  const healthPort = await freePort();
  const child: ChildProcess = spawn(process.execPath, [workerFile], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      DATABASE_URL: db.url,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: namespace,
      SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
      WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
      HEALTH_PORT: String(healthPort),
      LOG_LEVEL: 'silent',
      ...env,
    },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    await eventually(async () => (await fetch(`http://127.0.0.1:${healthPort}/healthz`)).ok, 'the worker is healthy');
  } catch (error) {
    await kill();
    throw error;
  }
  return { kill };
}
