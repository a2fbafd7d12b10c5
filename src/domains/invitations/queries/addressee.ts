import type { Ctx } from '../../../core/context.ts';
import type { Invitation, Role, Tenant } from '../../../core/entities.ts';
import type { Db } from '../../../db/database.ts';
import { type JsonRow, readDate } from '../../../db/json-row.ts';
import type { TokenHash } from '../../../lib/token.ts';

/** Queries of invited users: the database decides by the verified address of the scope's user. */

/** An invitation with as much of its tenant as one may know who has not joined it. */
export type InvitationToMe = Invitation & { tenant: Tenant };

type OwnRow = Omit<InvitationToMe, 'status' | 'tenant' | 'roles'> & {
  tenant: JsonRow<Tenant>;
  roles: Role[];
};

/** Invitations that are good now, newest first. */
export async function listOwnInvitations(db: Db, rowsMax: number): Promise<InvitationToMe[]> {
  const rows = await db.$queryRaw<OwnRow[]>`
    select id, tenant_id as "tenantId", email, invited_by as "invitedBy",
      created_at as "createdAt", expires_at as "expiresAt", tenant, roles
    from list_own_invitations(${rowsMax}::int)`;
  return rows.map((row) => ({
    ...row,
    status: 'pending',
    tenant: {
      ...row.tenant,
      createdAt: readDate(row.tenant.createdAt),
      deletionAt: readDate(row.tenant.deletionAt),
    },
  }));
}

/** Preview for anyone who holds the mailed link. */
export type InvitationPreview = { tenantName: string; inviterName: string | null; expiresAt: Date };

export async function findPreview(db: Db, hash: TokenHash): Promise<InvitationPreview | null> {
  const [preview] = await db.$queryRaw<InvitationPreview[]>`
    select tenant_name as "tenantName", inviter_name as "inviterName", expires_at as "expiresAt"
    from find_invitation_preview(${hash})`;
  return preview ?? null;
}

/** An invitation to oneself, by the hash of its token, or by id and tenant; the rest is null. */
export type OwnInvitationRef = {
  hash: TokenHash | null;
  id: string | null;
  tenantId: string | null;
};

/** Outcomes of accept_invitation() and decline_invitation(); all but the last two change nothing. */
export const settlementOutcomes = [
  'absent',
  'suspended',
  'pending_deletion',
  'member',
  'paused',
  'domain',
  'unbacked',
  'full',
  'accepted',
  'declined',
] as const;
export type SettlementOutcome = (typeof settlementOutcomes)[number];

/** Result of accepting. Only `outcome` is always set. */
export type Acceptance = {
  outcome: SettlementOutcome;
  tenantId: string;
  invitationId: string;
  membershipId: string;
  roleKeys: string[];
  membersMax: number;
};

export async function acceptInvitation(
  tx: Db,
  { hash, id, tenantId }: OwnInvitationRef,
): Promise<Acceptance> {
  const [acceptance] = await tx.$queryRaw<[Acceptance]>`
    select outcome, tenant_id as "tenantId", invitation_id as "invitationId",
      membership_id as "membershipId", role_keys as "roleKeys", members_max as "membersMax"
    from accept_invitation(${hash}::bytea, ${id}::uuid, ${tenantId}::uuid)`;
  return acceptance;
}

/** Declines, and says so in the audit log of the tenant. */
export async function declineInvitation(
  ctx: Ctx,
  tx: Db,
  { hash, id, tenantId }: OwnInvitationRef,
): Promise<{ outcome: SettlementOutcome; invitationId: string; tenantId: string }> {
  const [declined] = await tx.$queryRaw<
    [{ outcome: SettlementOutcome; invitationId: string; tenantId: string }]
  >`
    select outcome, invitation_id as "invitationId", tenant_id as "tenantId"
    from decline_invitation(${hash}::bytea, ${id}::uuid, ${tenantId}::uuid, ${ctx.request.id},
      ${ctx.request.ip}::inet)`;
  return declined;
}
