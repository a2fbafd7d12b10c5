import { type CursorKey, getBounds, type PageRequest } from '../../core/data/page.ts';
import type { Invitation, Role } from '../../core/entities.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { TokenHash } from '../../lib/token.ts';

/** The columns of an invitation `i` under the names of the record. */
const invitationColumns = Prisma.sql`
  i.id, i.tenant_id as "tenantId", i.email, i.invited_by as "invitedBy",
  i.created_at as "createdAt", i.expires_at as "expiresAt",
  case when i.status = 'pending' and i.expires_at <= now() then 'expired' else i.status end as status,
  coalesce((
    select jsonb_agg(jsonb_build_object('id', r.id, 'tenantId', r.tenant_id, 'key', r.key,
      'name', r.name, 'description', r.description, 'isBuiltIn', r.is_built_in,
      'permissions', r.permissions) order by r.key)
    from invitation_roles ir
    join roles r on r.tenant_id = ir.tenant_id and r.id = ir.role_id
    where ir.tenant_id = i.tenant_id and ir.invitation_id = i.id
  ), '[]') as roles`;

/** One more than a page of a tenant's invitations, newest first. */
export function listInvitations(
  db: Db,
  tenantId: string,
  request: PageRequest,
): Promise<Invitation[]> {
  // Ids are made in the order of time.
  const { above, below } = getBounds(request, true);
  return db.$queryRaw<Invitation[]>`
    select ${invitationColumns} from invitations i
    where i.tenant_id = ${tenantId}::uuid
      ${above ? Prisma.sql`and i.id > ${above[0]}::uuid` : Prisma.empty}
      ${below ? Prisma.sql`and i.id < ${below[0]}::uuid` : Prisma.empty}
    order by i.id ${request.isBackward ? Prisma.sql`asc` : Prisma.sql`desc`}
    limit ${request.size + 1}`;
}

/** Where an invitation stands in that order. */
export function toInvitationKey({ id }: Invitation): CursorKey {
  return [id];
}

export function countInvitations(db: Db, tenantId: string): Promise<number> {
  return db.invitation.count({ where: { tenantId } });
}

/** Invitations of one tenant by id. */
export function listInvitationsById(
  db: Db,
  tenantId: string,
  ids: readonly string[],
): Promise<Invitation[]> {
  return db.$queryRaw<Invitation[]>`
    select ${invitationColumns} from invitations i
    where i.tenant_id = ${tenantId}::uuid and i.id = any (${ids}::uuid[])`;
}

/** Those of these addresses that an invitation is pending for, expired or not. */
export function listPendingInvitations(
  db: Db,
  tenantId: string,
  emails: readonly string[],
): Promise<Invitation[]> {
  return db.$queryRaw<Invitation[]>`
    select ${invitationColumns} from invitations i
    where i.tenant_id = ${tenantId}::uuid and i.email = any (${emails}::text[])
      and i.status = 'pending'`;
}

/** Those of these addresses that members of the tenant have. */
export async function listMemberEmails(
  db: Db,
  tenantId: string,
  emails: readonly string[],
): Promise<string[]> {
  const rows = await db.$queryRaw<{ email: string }[]>`
    select u.email from users u join user_tenants m on m.user_id = u.id
    where m.tenant_id = ${tenantId}::uuid and u.email = any (${emails}::text[])`;
  return rows.map(({ email }) => email);
}

/** By whose rights an invitation is bounded. */
export type Inviter = { userId: string | null; apiKeyId: string | null };

/** Invitations as they are to be sent. */
export type InvitationsToStore = {
  tenantId: string;
  inviter: Inviter;
  ttlSeconds: number;
  rows: readonly {
    email: string;
    hash: TokenHash;
    roles: readonly Pick<Role, 'id'>[];
  }[];
};

/**
 * Creates invitations, or replaces what is pending for an address: its token, roles, inviter and
 * expiry, by the database's clock. Answers them in no particular order.
 */
export async function storeInvitations(
  tx: Db,
  { tenantId, inviter, ttlSeconds, rows }: InvitationsToStore,
): Promise<Invitation[]> {
  const stored = await tx.$queryRaw<{ id: string; email: string }[]>`
    insert into invitations as i (tenant_id, email, token_hash, invited_by, api_key_id, expires_at)
    select ${tenantId}::uuid, d.email, d.hash, ${inviter.userId}::uuid, ${inviter.apiKeyId}::uuid,
      now() + make_interval(secs => ${ttlSeconds}::int)
    from unnest(${rows.map(({ email }) => email)}::text[],
      ${rows.map(({ hash }) => hash)}::bytea[]) d (email, hash)
    on conflict (tenant_id, email) where status = 'pending' do update set
      token_hash = excluded.token_hash, invited_by = excluded.invited_by,
      api_key_id = excluded.api_key_id, expires_at = excluded.expires_at
    returning i.id, i.email`;
  const idByEmail = new Map(stored.map(({ id, email }) => [email, id]));
  const given = rows.flatMap(({ email, roles }) =>
    roles.map((role) => ({ invitationId: idByEmail.get(email), roleId: role.id })),
  );
  const ids = stored.map(({ id }) => id);
  await tx.$executeRaw`
    delete from invitation_roles ir
    where ir.tenant_id = ${tenantId}::uuid and ir.invitation_id = any (${ids}::uuid[])`;
  await tx.$executeRaw`
    insert into invitation_roles (tenant_id, invitation_id, role_id)
    select ${tenantId}::uuid, g.invitation_id, g.role_id
    from unnest(${given.map(({ invitationId }) => invitationId)}::uuid[],
      ${given.map(({ roleId }) => roleId)}::uuid[]) g (invitation_id, role_id)`;
  return await listInvitationsById(tx, tenantId, ids);
}

export async function revokeInvitation(
  tx: Db,
  { id, tenantId }: Pick<Invitation, 'id' | 'tenantId'>,
): Promise<void> {
  await tx.$executeRaw`
    update invitations i set status = 'revoked', token_hash = null, settled_at = now()
    where i.tenant_id = ${tenantId}::uuid and i.id = ${id}::uuid and i.status = 'pending'`;
}

/**
 * Counts a mail to each address. Answers, for each, 0 or how many seconds the tenant has to wait;
 * nothing where the scope does not show the tenant.
 */
export function reserveInvitations(
  tx: Db,
  tenantId: string,
  emails: readonly string[],
  max: { perTenant: number; perAddress: number },
): Promise<{ email: string; waitSeconds: number }[]> {
  return tx.$queryRaw<{ email: string; waitSeconds: number }[]>`
    select address as email, wait_seconds as "waitSeconds"
    from reserve_invitations(${tenantId}::uuid, ${emails}::text[], ${max.perTenant}::int,
      ${max.perAddress}::int)`;
}

/** One step: at most `rowsMax` invitations that are old. */
export async function deleteOldInvitations(tx: Db, rowsMax: number): Promise<number> {
  const [row] = await tx.$queryRaw<[{ count: number }]>`
    select delete_old_invitations(${rowsMax}::int) as count`;
  return row.count;
}
