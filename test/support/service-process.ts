import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/dev/ports.ts';
import { eventually } from './deliveries.ts';

export interface ServiceProcess {
  pid: number;
  /** http://127.0.0.1:port, where it answers `/healthz`. */
  origin: string;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
}

/** `src/server.ts` or `src/worker.ts` as a process of its own, with this environment, once it says that it is healthy. */
export async function startServiceProcess(
  file: 'server.ts' | 'worker.ts',
  env: NodeJS.ProcessEnv,
  healthyWithinMs?: number,
): Promise<ServiceProcess> {
  const port = String(await freePort());
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../../src/${file}`, import.meta.url))], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...env, [file === 'server.ts' ? 'PORT' : 'HEALTH_PORT']: port },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const origin = `http://127.0.0.1:${port}`;
  try {
    await eventually(async () => (await fetch(`${origin}/healthz`)).ok, `${file} is healthy`, healthyWithinMs);
  } catch (error) {
    await kill();
    throw error;
  }
  return { pid: Number(child.pid), origin, kill };
}
