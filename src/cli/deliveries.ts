import { type Command, Option } from 'commander';
import { readPage } from '../db/keyset.ts';
import { notFound } from '../errors.ts';
import { createLogger } from '../log.ts';
import { cancelDelivery, retryDelivery } from '../webhooks/deliveries/control.ts';
import {
  type DeliveryDetails,
  deliveryList,
  deliverySorts,
  deliveryStatuses,
  findDelivery,
  listAttempts,
  presentDelivery,
} from '../webhooks/deliveries/list-deliveries.ts';
import { answer, type CliContext, type OrgOption, toId } from './context.ts';

/** `mk delivery …`. */
export function addDeliveryCommands(delivery: Command): void {
  delivery
    .command('list')
    .requiredOption('--org <id>', 'their organization', toId)
    .option('--endpoint <id>', 'of this endpoint', toId)
    .addOption(new Option('--status <status>', 'in this status').choices(deliveryStatuses))
    .option('--limit <n>', 'newest first', toId, 100)
    .description('list deliveries')
    .action((options: OrgOption & { endpoint?: number; status?: string; limit: number }) =>
      answer(async (context) => {
        const { rows, present } = deliveryList(options.org, { endpointId: options.endpoint, status: options.status });
        const newest = { sort: deliverySorts.id, descending: true, limit: options.limit };
        return (await readPage<DeliveryDetails>(context, rows, newest)).map(present);
      }),
    );
  onDelivery(delivery, 'show', 'a delivery with its attempts', async () => undefined);
  onDelivery(delivery, 'retry', 'an attempt now; one that has ended starts over', async (context, row) => {
    await retryDelivery({ ...context, log: createLogger('warn') }, row);
  });
  onDelivery(delivery, 'cancel', 'no further attempt', async (context, row) => {
    await cancelDelivery({ ...context, log: createLogger('warn') }, row);
  });
}

type Delivery = NonNullable<Awaited<ReturnType<typeof findDelivery>>>;

function onDelivery(
  delivery: Command,
  name: string,
  description: string,
  act: (context: CliContext, row: Delivery) => Promise<void>,
): void {
  delivery
    .command(name)
    .argument('<id>', 'its id', toId)
    .requiredOption('--org <id>', 'its organization', toId)
    .description(description)
    .action((id: number, options: OrgOption) =>
      answer(async (context) => {
        const find = async () => {
          const row = await findDelivery(context, { organizationId: options.org, id });
          if (row === undefined) throw notFound(`There is no delivery ${id}.`);
          return row;
        };
        await act(context, await find());
        return { ...presentDelivery(await find()), attempts: await listAttempts(context, id) };
      }),
    );
}
