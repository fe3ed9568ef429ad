import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { freePort } from '../../src/dev/ports.ts';
import { eventually } from './deliveries.ts';

const serverFile = fileURLToPath(new URL('../../src/server.ts', import.meta.url));

export interface ServerProcess {
  /** http://127.0.0.1:port */
  origin: string;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
}

/** `src/server.ts` as a process of its own, once it answers. Its key opens the test database's secrets. */
export async function startServerProcess(
  databaseUrl: string,
  { namespace = 'default', env = {} }: { namespace?: string; env?: Record<string, string> } = {},
): Promise<ServerProcess> {
  const port = await freePort();
  const child: ChildProcess = spawn(process.execPath, [serverFile], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: namespace,
      SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
      PORT: String(port),
      LOG_LEVEL: 'silent',
      ...env,
    },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const origin = `http://127.0.0.1:${port}`;
  try {
    await eventually(async () => (await fetch(`${origin}/healthz`)).ok, 'the server answers');
  } catch (error) {
    await kill();
    throw error;
  }
  return { origin, kill };
}
