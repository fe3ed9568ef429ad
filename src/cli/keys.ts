import { type Command, Option } from 'commander';
import { createApiKey, revokeApiKey, type Scope, updateApiKey } from '../organizations/api-key.ts';
import { answer, type OrgOption, toId } from './context.ts';

/** `mk key …`. */
export function addKeyCommands(key: Command): void {
  key
    .command('create')
    .requiredOption('--org <id>', 'its organization', toId)
    .addOption(new Option('--scope <scope>', 'what it may do').choices(['read', 'write']).makeOptionMandatory())
    .option('--name <name>', 'what it is for')
    .option('--rate-limit-per-minute <n>', 'requests, or `none`; default: RATE_LIMIT_PER_MINUTE of the API', toLimit)
    .description('create an API key; prints {"id","key"}, the only time that the key is shown')
    .action((options: OrgOption & { scope: Scope; name?: string; rateLimitPerMinute?: Limit }) =>
      answer((context) =>
        createApiKey(context, {
          ...options,
          organizationId: options.org,
          rateLimitPerMinute: asColumn(options.rateLimitPerMinute ?? inherited),
        }),
      ),
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

const unlimited = 'none';
const inherited = 'default';
type Limit = number | typeof unlimited | typeof inherited;

const toLimit = (text: string): Limit => (text === unlimited || text === inherited ? text : toId(text));

function asColumn(limit: Limit): number | null {
  if (limit === inherited) return null;
  return limit === unlimited ? 0 : limit;
}

const noSuchKey = (id: number) => new Error(`There is no live key with id ${id}.`);
