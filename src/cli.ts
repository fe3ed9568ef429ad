import { Command, Option } from 'commander';
import { answer, type OrgOption, toCount, toId } from './cli/context.ts';
import { addDeliveryCommands } from './cli/deliveries.ts';
import { addEndpointCommands } from './cli/endpoints.ts';
import { addUserCommands } from './cli/users.ts';
import { createApiKey, listApiKeys, revokeApiKey, rotateApiKey, type Scope } from './organizations/api-key.ts';
import { createOrganization } from './organizations/organization.ts';
import { resealSecrets } from './webhooks/endpoints/reseal-secrets.ts';
import { listen } from './webhooks/listen.ts';

/** `npm run -s mk -- …`: one JSON document for each call on stdout; what is wrong goes to stderr, with exit status 1. */
const program = new Command('mk').description(
  'Administers maintainkit beside a running `npm start`, or at DATABASE_URL.',
);

const org = program.command('org').description('organizations');
org
  .command('create')
  .argument('<name>')
  .description('create an organization; prints {"id"}')
  .action((name: string) => answer((context) => createOrganization(context, name)));

const key = program.command('key').description('API keys');
key
  .command('create')
  .requiredOption('--org <id>', 'its organization', toId)
  .addOption(new Option('--scope <scope>', 'what it may do').choices(['read', 'write']).makeOptionMandatory())
  .option('--name <name>', 'what it is for')
  .option('--days <n>', 'how long it works; without it, until it is revoked', toId)
  .description('create an API key; prints {"id","key"}, the only time that the key is shown')
  .action(({ org: organizationId, scope, name, days }: OrgOption & { scope: Scope; name?: string; days?: number }) =>
    answer((context) => {
      const expiresAt = days === undefined ? null : new Date(Date.now() + days * 86_400_000);
      return createApiKey(context, { organizationId, scope, name, expiresAt });
    }),
  );
key
  .command('revoke')
  .argument('<id>', 'the key’s id', toId)
  .description('revoke an API key at once; prints {"id","revoked"}')
  .action((id: number) =>
    answer(async (context) => {
      if (!(await revokeApiKey(context, id))) throw new Error(`There is no live key with id ${id}.`);
      return { id, revoked: true };
    }),
  );

key
  .command('list')
  .requiredOption('--org <id>', 'the organization', toId)
  .description('print the organization’s keys, the live ones first')
  .action(({ org }: OrgOption) => answer((context) => listApiKeys(context, org)));
key
  .command('rotate')
  .argument('<id>', 'the key’s id', toId)
  .requiredOption('--org <id>', 'its organization', toId)
  .option('--overlap-hours <n>', 'how long the old key works on', toCount, 24)
  .description('replace a live key; prints the new {"id","key"}, the only time that the key is shown')
  .action((id: number, { org: organizationId, overlapHours }: OrgOption & { overlapHours: number }) =>
    answer(({ db }) => rotateApiKey(db, { organizationId, id, overlapHours })),
  );

addUserCommands(program.command('user').description('people who sign in to the pages'));
addEndpointCommands(program.command('endpoint').description('webhook endpoints'));
addDeliveryCommands(program.command('delivery').description('webhook deliveries'));
program
  .command('reseal')
  .description('after a new key was put first in SECRETS_KEY: seal every webhook secret with it; prints {"resealed"}')
  .action(() => answer(async (context) => ({ resealed: await resealSecrets(context) })));

program
  .command('listen')
  .requiredOption('--port <port>', 'where to listen', toId)
  .option('--secret <secret>', 'the endpoint’s secret, to verify signatures')
  .option('--fail <n>', 'answer 503 to the first n', toCount, 0)
  .description('receive webhooks: verifies and prints each one, a JSON line each, until Ctrl-C')
  .action((options: { port: number; secret?: string; fail: number }) => listen(options));

await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
