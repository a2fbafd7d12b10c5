import { inviteMembers } from '../../domains/invitations/service/invite.ts';
import { CommandError } from '../errors.ts';
import { printList } from '../list.ts';
import { getTenant } from '../names.ts';
import { invitationList } from '../views/invitation.ts';
import { withOperatorContext } from '../with-operator-context.ts';

type InviteOptions = { tenant: string; role?: string[]; json?: boolean };

/**
 * Invites people and prints the outcome of each. Then throws CommandError if any failed.
 */
export async function runInvite(emails: string[], options: InviteOptions): Promise<void> {
  const { tenant, role: roleKeys = [], json } = options;
  const results = await withOperatorContext(
    async (ctx) => {
      const { id: tenantId } = await getTenant(ctx, tenant);
      const invitations = emails.map((email) => ({ email, roleKeys }));
      return await inviteMembers(ctx, { tenantId, invitations });
    },
    { invitations: '<email...>' },
  );
  await printList(toPages(results), invitationList, { json });
  const refused = results.filter(({ error }) => error !== null).length;
  if (refused > 0) {
    throw new CommandError(`${refused} of ${results.length} not invited.`);
  }
}

async function* toPages<Row>(rows: readonly Row[]) {
  yield rows;
}
