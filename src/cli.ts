import { Command, InvalidArgumentError, Option } from 'commander';
import { readConfig } from './config.ts';
import { type Database, openDatabase } from './db/database.ts';
import { readInstance } from './dev/instance.ts';
import { readOwnSecretsKey } from './dev/secrets-key.ts';
import { validate } from './http/validate.ts';
import { createApiKey, revokeApiKey, type Scope } from './organizations/api-key.ts';
import { createOrganization } from './organizations/organization.ts';
import { createEndpoint, listEndpoints, resealSecrets } from './webhooks/endpoint.ts';
import { NewEndpoint } from './webhooks/endpoints/schema.ts';
import { eventTypes } from './webhooks/event-types.ts';
import { listen } from './webhooks/listen.ts';
import { createSecretBox, type SecretBox } from './webhooks/secret-box.ts';

/** `npm run -s mk -- …`: one JSON document for each call on stdout; what is wrong goes to stderr, with exit status 1. */
const program = new Command('mk').description(
  'Administers maintainkit beside a running `npm start`, or at DATABASE_URL.',
);

const org = program.command('org').description('organizations');
org
  .command('create')
  .argument('<name>')
  .description('create an organization; prints {"id"}')
  .action((name: string) => withDatabase((db) => createOrganization(db, name)));

const key = program.command('key').description('API keys');
key
  .command('create')
  .requiredOption('--org <id>', 'its organization', toId)
  .addOption(new Option('--scope <scope>', 'what it may do').choices(['read', 'write']).makeOptionMandatory())
  .option('--name <name>', 'what it is for')
  .description('create an API key; prints {"id","key"}, the only time that the key is shown')
  .action((options: { org: number; scope: Scope; name?: string }) =>
    withDatabase((db) => createApiKey(db, { ...options, organizationId: options.org })),
  );
key
  .command('revoke')
  .argument('<id>', 'the key’s id', toId)
  .description('revoke an API key at once; prints {"id","revoked"}')
  .action((id: number) =>
    withDatabase(async (db) => {
      if (!(await revokeApiKey(db, id))) throw new Error(`There is no live key with id ${id}.`);
      return { id, revoked: true };
    }),
  );

const endpoint = program.command('endpoint').description('webhook endpoints');
endpoint
  .command('create')
  .requiredOption('--org <id>', 'its organization', toId)
  .requiredOption('--url <url>', 'where events are POSTed')
  .option('--events <list>', `comma-separated; default: ${eventTypes.join(',')}`, toList)
  .description('register an endpoint; prints {"id","secret"}')
  .action((options: { org: number; url: string; events?: string[] }) =>
    withDatabase((db) => {
      const input = validate(NewEndpoint, { url: options.url, events: options.events });
      return createEndpoint({ ...db, secrets: secretBox() }, { organizationId: options.org, ...input });
    }),
  );
endpoint
  .command('list')
  .requiredOption('--org <id>', 'their organization', toId)
  .description('list an organization’s endpoints')
  .action((options: { org: number }) =>
    withDatabase((db) => listEndpoints({ ...db, secrets: secretBox() }, options.org)),
  );

program
  .command('reseal')
  .description('after a new key was put first in SECRETS_KEY: seal every webhook secret with it; prints {"resealed"}')
  .action(() => withDatabase(async (db) => ({ resealed: await resealSecrets({ ...db, secrets: secretBox() }) })));

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

async function withDatabase(run: (db: Database) => Promise<unknown>): Promise<void> {
  const db = await openDatabase(await databaseUrl(), { maxConnections: 1 });
  try {
    process.stdout.write(`${JSON.stringify(await run(db))}\n`);
  } finally {
    await db.close();
  }
}

async function databaseUrl(): Promise<string> {
  const config = readConfig(process.env);
  const url = config.DATABASE_URL ?? (await readInstance(config.DATA_DIR))?.databaseUrl;
  if (url !== undefined) return url;
  throw new Error(
    `No maintainkit runs with its data in ${config.DATA_DIR}: start one with \`npm start\`, or set DATA_DIR or DATABASE_URL.`,
  );
}

/** As the service has it: from SECRETS_KEY, or from the data directory where the service runs. */
function secretBox(): SecretBox {
  const config = readConfig(process.env);
  const own = readOwnSecretsKey(config.DATA_DIR);
  const keys = config.SECRETS_KEY ?? (own && [own]);
  if (keys === undefined)
    throw new Error('Set SECRETS_KEY as the service has it: the key that webhook secrets are sealed with.');
  return createSecretBox(keys);
}

function toId(text: string): number {
  const id = toCount(text);
  if (id === 0) throw new InvalidArgumentError('It must be 1 or more.');
  return id;
}

function toCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function toList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
}
