import type { AuditAction, Changes } from '../core/audit.ts';
import type { Operator } from '../db/operator.ts';
import { createUuidV7 } from '../lib/uuid.ts';

/** The fields of a user that the decision depends on. */
export type Candidate = {
  id: string;
  name: string | null;
  status: string;
  isPlatformAdmin: boolean;
  createdAt: Date;
};

export async function findCandidate(operator: Operator, email: string): Promise<Candidate | null> {
  const [found] = await operator.query<Candidate>(
    `select id, name, status, is_platform_admin as "isPlatformAdmin", created_at as "createdAt"
     from users where email = $1`,
    [email],
  );
  return found ?? null;
}

/** Creates a user who is a platform admin and returns the id. The e-mail must be free. */
export async function createPlatformAdmin(
  operator: Operator,
  admin: { email: string; name: string | null; passwordHash: string },
): Promise<string> {
  const id = createUuidV7();
  await operator.transaction(async () => {
    await operator.query(
      'insert into users (id, email, name, is_platform_admin) values ($1, $2, $3, true)',
      [id, admin.email, admin.name],
    );
    await operator.query(
      'insert into password_credentials (user_id, password_hash) values ($1, $2)',
      [id, admin.passwordHash],
    );
    await recordForOperator(operator, id, { action: 'platform_admin.created', changes: {} });
  });
  return id;
}

/** Makes an existing user a platform admin. Ends their sessions, because admins' sessions are shorter. */
export async function promoteToPlatformAdmin(operator: Operator, userId: string): Promise<void> {
  await operator.transaction(async () => {
    await operator.query(
      'update users set is_platform_admin = true, updated_at = now() where id = $1',
      [userId],
    );
    const ended = await operator.query('delete from sessions where user_id = $1 returning id', [
      userId,
    ]);
    await recordForOperator(operator, userId, {
      action: 'platform_admin.promoted',
      changes: { isPlatformAdmin: [false, true], sessions: [ended.length, 0] },
    });
  });
}

/** Records an operator's action in the audit log of a user. There is no actor, since nobody is signed in. */
async function recordForOperator(
  operator: Operator,
  userId: string,
  { action, changes }: { action: AuditAction; changes: Changes },
): Promise<void> {
  await operator.query(`select append_audit_event(null, $1, $2, 'User', $1, $3, null, null)`, [
    userId,
    action,
    JSON.stringify(changes),
  ]);
}
