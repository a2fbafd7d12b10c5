import type { Db } from '../db/database.ts';
import type { Ctx } from './context.ts';

/** Audit actions; each mutation that changes something has one. */
export const auditActions = [
  'access.denied',
  'user.signed_up',
  'user.updated',
  'user.suspended',
  'user.reinstated',
  'user.erased',
  'user.data_exported',
  'users.imported',
  'platform_admin.created',
  'platform_admin.promoted',
  'expired_data.deleted',
  'session.opened',
  'session.impersonated',
  'session.confirmed',
  'session.switched',
  'session.closed',
  'session.replaced',
  'session.evicted',
  'session.revoked',
  'sessions.revoked',
  'password.changed',
  'api_key.created',
  'api_key.rotated',
  'api_key.revoked',
  'password.reset_requested',
  'password.reset',
  'email.verification_requested',
  'email.verified',
  'tenant.created',
  'tenant.updated',
  'tenant.limits_updated',
  'tenant.suspended',
  'tenant.resumed',
  'tenant.deletion_scheduled',
  'tenant.restored',
  'tenant.ownership_transferred',
  'invitation.created',
  'invitation.resent',
  'invitation.accepted',
  'invitation.declined',
  'invitation.revoked',
  'membership.created',
  'membership.updated',
  'membership.removed',
  'membership.left',
  'members.imported',
  'role.created',
  'role.updated',
  'role.deleted',
] as const;
export type AuditAction = (typeof auditActions)[number];

/** The object of an action. */
export type AuditTarget = {
  type: 'User' | 'Session' | 'Tenant' | 'Membership' | 'Role' | 'ApiKey' | 'Invitation';
  id: string;
};

/** One entry of the audit log. */
export type AuditEntry = {
  action: AuditAction;
  /** The tenant; null for a personal entry. */
  tenantId: string | null;
  /** The user of a personal entry, if not the caller. */
  subjectId?: string;
  target: AuditTarget;
  /** The changed fields; never secrets. */
  changes?: Changes;
};

/** The values of each changed field. */
export type Changes = { [field: string]: readonly [before: unknown, after: unknown] };

/**
 * Writes an entry in the transaction of its change: both or neither. The actor is the user of the transaction's
 * scope, as the database enforces. Personal entries belong to the chain of their user, all others to their
 * tenant's.
 */
export async function recordAudit(ctx: Ctx, tx: Db, entry: AuditEntry): Promise<void> {
  const { action, tenantId, target, subjectId = null, changes = {} } = entry;
  await tx.$queryRaw`
    select append_audit_event(${tenantId}::uuid, ${subjectId}::uuid, ${action},
      ${target.type}, ${target.id}::uuid, ${JSON.stringify(changes)}::jsonb,
      ${ctx.request.id}, ${ctx.request.ip}::inet)::text`;
}

/** Writes many entries of one tenant, in order and in one statement. */
export async function recordAudits(
  ctx: Ctx,
  tx: Db,
  { tenantId, entries }: { tenantId: string; entries: readonly Omit<AuditEntry, 'tenantId'>[] },
): Promise<void> {
  if (entries.length === 0) return;
  await tx.$queryRaw`
    select append_audit_event(${tenantId}::uuid, null, e.action, e.target_type, e.target_id, e.changes,
      ${ctx.request.id}, ${ctx.request.ip}::inet)::text
    from unnest(${entries.map(({ action }) => action)}::text[],
      ${entries.map(({ target }) => target.type)}::text[],
      ${entries.map(({ target }) => target.id)}::uuid[],
      ${entries.map(({ changes = {} }) => JSON.stringify(changes))}::jsonb[]
    ) e (action, target_type, target_id, changes)`;
}

/** Returns those of `fields` that differ, with both values. */
export function listChanges<Row extends object>(
  before: Row,
  after: Row,
  fields: readonly (keyof Row & string)[],
): Changes {
  const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  return Object.fromEntries(
    fields
      .filter((field) => !isSame(before[field], after[field]))
      .map((field) => [field, [before[field], after[field]]] as const),
  );
}
