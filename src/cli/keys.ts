import { type Command, Option } from 'commander';
import {
  createApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
  type Scope,
  updateApiKey,
} from '../organizations/api-key.ts';
import { answer, type OrgOption, toCount, toId } from './context.ts';

/** `mk key …`. */
export function addKeyCommands(key: Command): void {
  key
    .command('create')
    .requiredOption('--org <id>', 'its organization', toId)
    .addOption(new Option('--scope <scope>', 'what it may do').choices(['read', 'write']).makeOptionMandatory())
    .option('--name <name>', 'what it is for')
    .option('--days <n>', 'how long it works; without it, until it is revoked', toId)
    .option('--rate-limit-per-minute <n>', 'requests, or `none`; default: RATE_LIMIT_PER_MINUTE of the API', toLimit)
    .description('create an API key; prints {"id","key"}, the only time that the key is shown')
    .action(({ org: organizationId, scope, name, days, rateLimitPerMinute = inherited }: NewKeyOptions) =>
      answer((context) =>
        createApiKey(context, {
          organizationId,
          scope,
          name,
          expiresAt: days === undefined ? null : new Date(Date.now() + days * 86_400_000),
          rateLimitPerMinute: asColumn(rateLimitPerMinute),
        }),
      ),
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
  key
    .command('update')
    .argument('<id>', 'the key’s id', toId)
    .requiredOption('--rate-limit-per-minute <n>', 'requests, `none`, or `default`: as the API has it', toLimit)
    .description('change an API key at once; prints {"id","rateLimitPerMinute"}')
    .action((id: number, { rateLimitPerMinute }: { rateLimitPerMinute: Limit }) =>
      answer(async (context) => {
        const changed = await updateApiKey(context, id, { rateLimitPerMinute: asColumn(rateLimitPerMinute) });
        if (!changed) throw noSuchKey(id);
        return { id, rateLimitPerMinute };
      }),
    );
  key
    .command('revoke')
    .argument('<id>', 'the key’s id', toId)
    .description('revoke an API key at once; prints {"id","revoked"}')
    .action((id: number) =>
      answer(async (context) => {
        if (!(await revokeApiKey(context, id))) throw noSuchKey(id);
        return { id, revoked: true };
      }),
    );
}

interface NewKeyOptions extends OrgOption {
  scope: Scope;
  name?: string;
  days?: number;
  rateLimitPerMinute?: Limit;
}

const unlimited = 'none';
const inherited = 'default';
type Limit = number | typeof unlimited | typeof inherited;

const toLimit = (text: string): Limit => (text === unlimited || text === inherited ? text : toId(text));

function asColumn(limit: Limit): number | null {
  if (limit === inherited) return null;
  return limit === unlimited ? 0 : limit;
}

const noSuchKey = (id: number) => new Error(`There is no live key with id ${id}.`);
