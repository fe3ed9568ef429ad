import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Pool } from 'pg';
import type { Logger } from '../log.ts';

const channel = 'delivery_ready';

/**
 * Tells every dispatcher that deliveries wait. Sent after the commit (inside, it would serialize all commits), at most one
 * at a time. A lost one costs a second: dispatchers also poll.
 */
export function createWaker({ pool, log }: { pool: Pool; log: Logger }): (deliveries: number) => void {
  let isSending = false;
  let isWanted = false;

  async function send(): Promise<void> {
    isSending = true;
    while (isWanted) {
      isWanted = false;
      await pool.query(`notify ${channel}`).catch((error) => log.debug({ err: error }, 'no wake was sent'));
    }
    isSending = false;
  }

  return (deliveries) => {
    if (deliveries === 0) return;
    isWanted = true;
    if (!isSending) void send();
  };
}

/** Calls `wake` for each notification, on a connection of its own that is opened again whenever it is lost. */
export function listenForWakes({ databaseUrl, log }: { databaseUrl: string; log: Logger }, wake: () => void) {
  const stopping = new AbortController();
  const stopped = once(stopping.signal, 'abort');

  /** Until the connection is lost, or `stop`. */
  async function listenOnce(): Promise<void> {
    const client = new Client({
      connectionString: databaseUrl,
      keepAlive: true,
      application_name: 'maintainkit dispatcher',
    });
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    client.on('error', () => undefined);
    client.on('notification', wake);
    const listening = client.connect().then(() => client.query(`listen ${channel}`));
    try {
      await Promise.race([listening, stopped]);
      wake();
      await Promise.race([ended, stopped]);
    } finally {
      void listening.finally(() => client.end()).catch(() => undefined);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await listenOnce().catch((error) => log.debug({ err: error }, 'not listening for wakes; trying again'));
      await delay(1_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const done = run();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
