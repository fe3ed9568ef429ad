import { Connection } from '@temporalio/client';
import { loopback } from './ports.ts';

export interface NamespaceSettings {
  namespace: string;
  /** Registered as Keyword. */
  searchAttributes: string[];
}

const callTimeoutMs = 10_000;
const [devServerRetentionSeconds, retentionDays] = [24 * 60 * 60, 30];
const alreadyExists = 6;
const keyword = 2;

/** Whether the server answers and the namespace is there, its retention and search attributes as they should be. */
export async function prepareNamespace(port: number, settings: NamespaceSettings): Promise<boolean> {
  const connection = Connection.lazy({ address: `${loopback}:${port}` });
  try {
    return await connection.withDeadline(Date.now() + callTimeoutMs, async () => {
      await connection.workflowService.getSystemInfo({});
      await extendRetention(connection, settings.namespace);
      await addSearchAttributes(connection, settings);
      return true;
    });
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

/**
 * A workflow id is protected against a second start only as long as the closed run is kept, and the development server
 * creates every namespace with one day. Any other value is an operator's choice and stays.
 */
async function extendRetention(connection: Connection, namespace: string): Promise<void> {
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  const seconds = config?.workflowExecutionRetentionTtl?.seconds;
  if (!seconds?.equals(devServerRetentionSeconds)) return;
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: { seconds: seconds.multiply(retentionDays) } },
  });
}

/** The server's own flag registers them in a new namespace only. */
async function addSearchAttributes(connection: Connection, settings: NamespaceSettings): Promise<void> {
  const { namespace } = settings;
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = settings.searchAttributes.filter((name) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
    });
  } catch (error) {
    if ((error as { code?: number }).code !== alreadyExists) throw error;
  }
}
