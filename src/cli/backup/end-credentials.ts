import type { Operator } from '../../db/operator.ts';

/** How many of each kind were ended. */
export type EndedCredentials = {
  sessions: number;
  oneTimeTokens: number;
  invitations: number;
  apiKeys: number;
};

/**
 * Begins a new epoch of credentials: what was issued before is good for nothing from now on. A backup
 * does not know what was revoked after it was made, so all of it counts as revoked. Keys stay where
 * `keepsKeys` says so. Keys and invitations are noted in the audit logs of their tenants. All or nothing.
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

/** Mails that wait, and requests for some, would bring such tokens, so they go too. */
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
