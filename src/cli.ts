import { Command } from 'commander';
import { audit } from './cli/audit.ts';
import { answer, toCount, toId } from './cli/context.ts';
import { addDeliveryCommands } from './cli/deliveries.ts';
import { addEndpointCommands } from './cli/endpoints.ts';
import { addKeyCommands } from './cli/keys.ts';
import { addUserCommands } from './cli/users.ts';
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

addKeyCommands(program.command('key').description('API keys'));
addUserCommands(program.command('user').description('people who sign in to the pages'));
addEndpointCommands(program.command('endpoint').description('webhook endpoints'));
addDeliveryCommands(program.command('delivery').description('webhook deliveries'));
program
  .command('reseal')
  .description('after a new key was put first in SECRETS_KEY: seal every webhook secret with it; prints {"resealed"}')
  .action(() => answer(async (context) => ({ resealed: await resealSecrets(context) })));

program
  .command('audit')
  .option('--org <id>', 'only this organization’s parts', toId)
  .description(
    'derive levels, totals, values and hashes from the ledger; prints {"ok","differences"}; exit status 1 if any',
  )
  .action((options: { org?: number }) =>
    answer(async (context) => {
      const report = await audit(context, options.org);
      if (!report.ok) process.exitCode = 1;
      return report;
    }),
  );

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
