import type { Client } from '@temporalio/client';
import { searchAttributes } from '../../workflows/contract.ts';

const keyword = 2; // temporal.api.enums.v1.IndexedValueType

/** Makes sure that the namespace knows the search attributes of deliveries. Needs leave to change it only when one is missing. */
export async function registerSearchAttributes(client: Client): Promise<void> {
  const { namespace } = client.options;
  const { operatorService } = client.connection;
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(searchAttributes).filter(({ name }) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  await operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(({ name }) => [name, keyword])),
  });
}
