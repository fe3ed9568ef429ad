import type { Command } from 'commander';
import { NumberLiteral } from '../http/json.ts';
import { readMergePatch, validate, withoutNulls } from '../http/validate.ts';
import { createEndpoint } from '../webhooks/endpoints/create-endpoint.ts';
import { deleteEndpoint } from '../webhooks/endpoints/delete-endpoint.ts';
import { disableEndpoint } from '../webhooks/endpoints/disable-endpoint.ts';
import { enableEndpoint } from '../webhooks/endpoints/enable-endpoint.ts';
import { findEndpoint, listEndpoints } from '../webhooks/endpoints/find-endpoint.ts';
import { rotateSecret } from '../webhooks/endpoints/rotate-secret.ts';
import {
  EnableEndpoint,
  EndpointPatch,
  NewEndpoint,
  patchRules,
  Recover,
  RotateSecret,
} from '../webhooks/endpoints/schema.ts';
import { sendTestEvent } from '../webhooks/endpoints/send-test-event.ts';
import { updateEndpoint } from '../webhooks/endpoints/update-endpoint.ts';
import { eventTypes, everyEventType } from '../webhooks/event-types.ts';
import { findRecovery, recoverableStatuses, recoverDeliveriesOf } from '../webhooks/recovery.ts';
import { answer, type CliContext, type OrgOption, toCount, toId, toList, toNumber } from './context.ts';

/** `mk endpoint …`. */
export function addEndpointCommands(endpoint: Command): void {
  withSettings(endpoint.command('create').requiredOption('--org <id>', 'its organization', toId))
    .requiredOption('--url <url>', 'where events are POSTed')
    .description('register an endpoint; prints {"id","secret"}')
    .action(({ org, ...settings }: OrgOption & Settings) =>
      answer((context) =>
        createEndpoint(context, { organizationId: org, ...validate(NewEndpoint, withoutNulls(bodyOf(settings))) }),
      ),
    );
  withSettings(
    onEndpoint<Settings>(endpoint, 'update', 'change what is given; `none` clears a limit', (context, id, settings) =>
      updateEndpoint(context, id, readMergePatch(EndpointPatch, bodyOf(settings), patchRules)),
    ).option('--url <url>', 'where events are POSTed'),
  );
  endpoint
    .command('list')
    .requiredOption('--org <id>', 'their organization', toId)
    .description('list an organization’s endpoints')
    .action((options: OrgOption) => answer((context) => listEndpoints(context, options.org)));

  onEndpoint(endpoint, 'show', 'an endpoint, without its secret', findEndpoint);
  onEndpoint<{ recover?: boolean; since?: string }>(
    endpoint,
    'enable',
    'let it receive events again',
    (context, id, { recover, since }) =>
      enableEndpoint(
        context,
        id,
        validate(EnableEndpoint, { recover: since === undefined ? recover : { since } }).recover,
      ),
  )
    .option('--recover', 'and send what did not get through since it began to fail, or was disabled')
    .option('--since <instant>', 'ISO 8601; the same since then');
  onEndpoint(endpoint, 'disable', 'send it no more events', disableEndpoint);
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

interface Settings {
  url?: string;
  events?: string[];
  description?: string;
  maxConcurrency?: NumberLiteral | typeof cleared;
  maxPerSecond?: NumberLiteral | typeof cleared;
}

const withSettings = (command: Command) =>
  command
    .option(
      '--events <list>',
      `comma-separated, of ${everyEventType.join(',')}; default: ${eventTypes.join(',')}`,
      toList,
    )
    .option('--description <text>', 'for people')
    .option('--max-concurrency <n>', 'attempts under way at once, 1 to 100', toLimit)
    .option('--max-per-second <n>', 'attempts per second, 0.01 to 1000', toLimit);

/** A word: commander takes null for an option without a value. */
const cleared = 'none';
const toLimit = (text: string) => (text === cleared ? cleared : new NumberLiteral(toNumber(text)));

/** As a request's body has them. */
const bodyOf = ({ url, events, description, maxConcurrency, maxPerSecond }: Settings): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries({ url, events, description, maxConcurrency, maxPerSecond })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, value === cleared ? null : value]),
  );

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

/** Options as the schemas of request bodies take them. */
const withNumbers = (options: Record<string, number | undefined>) =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      value === undefined ? undefined : new NumberLiteral(String(value)),
    ]),
  );
