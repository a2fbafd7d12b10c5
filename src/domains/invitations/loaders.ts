import { getOwnScope } from '../../core/access/scopes.ts';
import { createLoader, createTenantOwnedLoader } from '../../core/data/loader.ts';
import type { Invitation } from '../../core/entities.ts';
import { type InvitationToMe, listOwnInvitations } from './queries/addressee.ts';
import { listInvitationsById } from './queries.ts';

/** Invitations by tenant and id. The caller has been authorised in the tenant. */
export const invitationLoader = createTenantOwnedLoader<Invitation>(async (db, tenantId, ids) => {
  const invitations = await listInvitationsById(db, tenantId, ids);
  return invitations.map((invitation) => [invitation.id, invitation]);
});

/** Far more than anybody is invited to at once; older ones come up as these are settled. */
const ownInvitationsMax = 100;

/** The caller's own invitations, by its id, which is the only key there is. */
export const ownInvitationsLoader = createLoader<string, readonly InvitationToMe[]>(
  (ctx, userIds) =>
    Promise.all(
      userIds.map(() =>
        ctx.db.read(getOwnScope(ctx), (db) => listOwnInvitations(db, ownInvitationsMax)),
      ),
    ),
);
