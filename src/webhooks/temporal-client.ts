import { Client, Connection } from '@temporalio/client';

/** A Temporal client for the API, which connects only when it is first used; `close` ends what was opened. */
export function createLazyTemporal({ address, namespace }: { address: string; namespace: string }) {
  let connection: Connection | undefined;
  let client: Client | undefined;
  return {
    client(): Client {
      connection ??= Connection.lazy({ address });
      client ??= new Client({ connection, namespace });
      return client;
    },
    async close(): Promise<void> {
      await connection?.close();
    },
  };
}
