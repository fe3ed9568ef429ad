import { setTimeout as delay } from 'node:timers/promises';
import { type Config, readConfig } from './config.ts';

/** The environment as `Config`; a wrong one ends the process with a line for each wrong variable. */
export function configOrExit(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    return exitWith(error instanceof Error ? error.message : String(error));
  }
}

export function exitWith(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Resolves with the first SIGINT or SIGTERM. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}

/** Runs `connect` until it succeeds: a service that starts beside ours may come up later. Aborting `signal` ends it. */
export async function untilConnected<T>(what: string, connect: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let waitMs = 500; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      return await connect();
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      process.stderr.write(`Waiting for ${what}: ${reason}\n`);
      await delay(waitMs, undefined, { signal });
    }
  }
}
