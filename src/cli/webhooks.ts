import { type Command, Option } from 'commander';
import { notFound } from '../errors.ts';
import { NumberLiteral } from '../http/json.ts';
import { validate } from '../http/validate.ts';
import { createLogger } from '../log.ts';
import { cancelDelivery, retryDelivery } from '../webhooks/deliveries/control.ts';
import {
  deliveryList,
  deliveryStatuses,
  findDelivery,
  listAttempts,
  presentDelivery,
} from '../webhooks/deliveries/list-deliveries.ts';
import {
  createEndpoint,
  deleteEndpoint,
  findEndpoint,
  listEndpoints,
  resealSecrets,
  rotateSecret,
  sendTestEvent,
  setEndpointEnabled,
} from '../webhooks/endpoint.ts';
import { NewEndpoint, Recover, RotateSecret } from '../webhooks/endpoints/schema.ts';
import { eventTypes, everyEventType } from '../webhooks/event-types.ts';
import { findRecovery, recoverableStatuses, recoverDeliveriesOf } from '../webhooks/recovery.ts';
import { answer, type CliContext, toCount, toId, toList } from './context.ts';

interface OrgOption {
  org: number;
}

/** `mk endpoint …`, `mk delivery …`, `mk reseal`. */
export function addWebhookCommands(program: Command): void {
  addEndpointCommands(program.command('endpoint').description('webhook endpoints'));
  addDeliveryCommands(program.command('delivery').description('webhook deliveries'));
  program
    .command('reseal')
    .description('after a new key was put first in SECRETS_KEY: seal every webhook secret with it; prints {"resealed"}')
    .action(() => answer(async (context) => ({ resealed: await resealSecrets(context) })));
}

function addEndpointCommands(endpoint: Command): void {
  endpoint
    .command('create')
    .requiredOption('--org <id>', 'its organization', toId)
    .requiredOption('--url <url>', 'where events are POSTed')
    .option(
      '--events <list>',
      `comma-separated, of ${everyEventType.join(',')}; default: ${eventTypes.join(',')}`,
      toList,
    )
    .description('register an endpoint; prints {"id","secret"}')
    .action((options: OrgOption & { url: string; events?: string[] }) =>
      answer((context) => {
        const input = validate(NewEndpoint, { url: options.url, events: options.events });
        return createEndpoint(context, { organizationId: options.org, ...input });
      }),
    );
  endpoint
    .command('list')
    .requiredOption('--org <id>', 'their organization', toId)
    .description('list an organization’s endpoints')
    .action((options: OrgOption) => answer((context) => listEndpoints(context, options.org)));

  onEndpoint(endpoint, 'show', 'an endpoint, without its secret', findEndpoint);
  onEndpoint(endpoint, 'enable', 'let it receive events again', (context, id) => setEndpointEnabled(context, id, true));
  onEndpoint(endpoint, 'disable', 'send it no more events', (context, id) => setEndpointEnabled(context, id, false));
  onEndpoint(endpoint, 'test', 'send it a marked test event; prints {"eventId","deliveryId"}', (context, id) =>
    sendTestEvent(context, id, null),
  );
  onEndpoint(endpoint, 'delete', 'remove it; prints {"id","deleted"}', async (context, endpointId) => {
    await deleteEndpoint(context, endpointId);
    return { id: endpointId.id, deleted: true };
  });
  onEndpoint<{ overlapHours?: number }>(
    endpoint,
    'rotate-secret',
    'a new secret; the old one signs beside it for the overlap',
    (context, id, { overlapHours }) =>
      rotateSecret(context, id, validate(RotateSecret, withNumbers({ overlapHours })).overlapHours),
  ).option('--overlap-hours <n>', 'default: 24', toCount);
  onEndpoint<{ since: string; until?: string; events?: string[]; statuses?: string[]; dryRun?: boolean }>(
    endpoint,
    'recover',
    'send again what it missed; prints the recovery, whose progress `recovery` shows',
    (context, id, { since, until, events, statuses, dryRun }) =>
      recoverDeliveriesOf(context, id, validate(Recover, { since, until, events, statuses, dryRun })),
  )
    .requiredOption('--since <instant>', 'ISO 8601')
    .option('--until <instant>', 'ISO 8601; default: now')
    .option('--events <list>', 'comma-separated; default: those it subscribes to', toList)
    .option('--statuses <list>', `of ${recoverableStatuses.join(',')}`, toList)
    .option('--dry-run', 'only count');
  onEndpoint(endpoint, 'recovery', 'how far a recovery is (its id, not the endpoint’s)', findRecovery);
}

function onEndpoint<Options = object>(
  endpoint: Command,
  name: string,
  description: string,
  run: (context: CliContext, id: { organizationId: number; id: number }, options: Options) => Promise<unknown>,
): Command {
  return endpoint
    .command(name)
    .argument('<id>', 'its id', toId)
    .requiredOption('--org <id>', 'its organization', toId)
    .description(description)
    .action((id: number, options: Options & OrgOption) =>
      answer((context) => run(context, { organizationId: options.org, id }, options)),
    );
}

function addDeliveryCommands(delivery: Command): void {
  delivery
    .command('list')
    .requiredOption('--org <id>', 'their organization', toId)
    .option('--endpoint <id>', 'of this endpoint', toId)
    .addOption(new Option('--status <status>', 'in this status').choices(deliveryStatuses))
    .option('--limit <n>', 'newest first', toId, 100)
    .description('list deliveries')
    .action((options: OrgOption & { endpoint?: number; status?: string; limit: number }) =>
      answer(async (context) => {
        const list = deliveryList(context, options.org, { endpointId: options.endpoint, status: options.status });
        return (await list.page(undefined, options.limit)).map(presentDelivery);
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

/** Options as the schemas of request bodies take them. */
const withNumbers = (options: Record<string, number | undefined>) =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      value === undefined ? undefined : new NumberLiteral(String(value)),
    ]),
  );
