import type { Operator } from '../../db/operator.ts';

/** Number of credentials of each kind that were ended. */
export type EndedCredentials = {
  sessions: number;
  oneTimeTokens: number;
  invitations: number;
  apiKeys: number;
};

/**
 * Revokes all credentials, because a backup does not know what was revoked after it was made. With `keepsKeys` API keys
 * stay valid. Revoked keys and invitations are recorded in the audit logs of their tenants. All or nothing.
 */
export async function endCredentials(
  operator: Operator,
  { keepsKeys }: { keepsKeys: boolean },
): Promise<EndedCredentials> {
  const run = async (sql: string) => {
    const [row] = await operator.query<{ count: number }>(sql);
    return row?.count ?? 0;
  };
  return operator.transaction(async () => ({
    sessions: await run(endSessions),
    oneTimeTokens: await run(endOneTimeTokens),
    invitations: await run(endInvitations),
    apiKeys: keepsKeys ? 0 : await run(endApiKeys),
  }));
}

const endSessions = `
  with ended as (delete from sessions returning 1)
  select count(*)::int from ended`;

/** Queued mails, and requests for them, contain or create such tokens, so they are deleted too. */
const endOneTimeTokens = `
  with mails as (delete from mail_outbox returning 1),
    requests as (delete from password_reset_requests returning 1),
    ended as (delete from one_time_tokens returning 1)
  select (select count(*) from ended)::int as count, (select count(*) from mails), (select count(*) from requests)`;

const reason = `'{"reason": [null, "restored from a backup"]}'::jsonb`;

const endInvitations = `
  with ended as (
    update invitations set status = 'revoked', token_hash = null, settled_at = now()
    where status = 'pending' returning id, tenant_id
  )
  select count(append_audit_event(tenant_id, null, 'invitation.revoked', 'Invitation', id, ${reason},
    null, null)::text)::int from ended`;

const endApiKeys = `
  with ended as (
    update api_keys set revoked_at = now() where revoked_at is null returning id, tenant_id
  )
  select count(append_audit_event(tenant_id, null, 'api_key.revoked', 'ApiKey', id, ${reason},
    null, null)::text)::int from ended`;
