import { type Command, Option } from 'commander';
import { createInvitation, welcomePath } from '../people/invitation.ts';
import { listMembers, removeMember } from '../people/membership.ts';
import { createPasswordReset, resetPath } from '../people/password-reset.ts';
import { type Role, roles } from '../people/person.ts';
import { answer, type OrgOption, toId } from './context.ts';

/** `mk user …`: people who sign in to the pages. */
export function addUserCommands(user: Command): void {
  user
    .command('create')
    .requiredOption('--org <id>', 'the organization', toId)
    .requiredOption('--email <address>', 'whose link it is')
    .addOption(new Option('--role <role>', 'what they may do').choices(roles).default('administrator'))
    .description(
      'invite a person; prints {"link","role"}: open it once, within 7 days, to choose a name and a password',
    )
    .action((options: OrgOption & { email: string; role: Role }) =>
      answer(async (context) => {
        const { org: organizationId, email, role } = options;
        const token = await createInvitation(context, { organizationId, email, role });
        return { link: context.publicUrl + welcomePath(token), role };
      }),
    );
  user
    .command('reset-password')
    .requiredOption('--email <address>', 'whose link it is')
    .description('let a person choose a new password; prints {"link"}: open it once, within a day')
    .action(({ email }: { email: string }) =>
      answer(async ({ db, publicUrl }) => ({ link: publicUrl + resetPath(await createPasswordReset(db, email)) })),
    );
  user
    .command('list')
    .requiredOption('--org <id>', 'the organization', toId)
    .description('print the organization’s members')
    .action(({ org }: OrgOption) => answer((context) => listMembers(context, org)));
  user
    .command('remove')
    .requiredOption('--org <id>', 'the organization', toId)
    .requiredOption('--email <address>', 'whose membership ends at once')
    .description('remove a member; prints {"email","removed"}. An account without any organization is deleted')
    .action(({ org: organizationId, email }: OrgOption & { email: string }) =>
      answer(async ({ db }) => {
        if (!(await removeMember(db, { organizationId, email }))) throw new Error(`${email} is no member of it.`);
        return { email, removed: true };
      }),
    );
}
