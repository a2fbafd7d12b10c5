create or replace function redact_audit_events(subject uuid, address text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp
as $$
declare
  -- What is said of a person in words that are not personal: ids, keys, numbers, names of fields, and
  -- why something was done. Everything else is taken out.
  impersonal constant text[] := array['userId', 'roles', 'isActive', 'fields', 'memberships', 'count',
    'tenantId', 'owner', 'status', 'reason', 'slug', 'until', 'expiresAt'];
begin
  update audit_events e set
      ip_digest = case when e.ip_salt is not null then audit_digest(e.ip_salt, host(e.ip)) end,
      ip = null, ip_salt = null, redacted_at = now()
    where e.ip is not null and (
      (e.actor_id = subject and e.actor_type = 'User')
      or (e.impersonator_id is not null and e.impersonator_id = subject));
  update audit_events e set
      changes_digest = case when e.changes_salt is not null then audit_digest(e.changes_salt, e.changes::text) end,
      changes = '{}', changes_salt = null, redacted_at = now()
    where (e.person_id = subject or e.chain_id = subject) and e.changes - impersonal <> '{}';
  update audit_events e set
      changes_digest = case when e.changes_salt is not null then audit_digest(e.changes_salt, e.changes::text) end,
      changes = '{}', changes_salt = null, redacted_at = now()
    where e.target_type = 'Invitation'
      and coalesce(e.changes #>> '{email,1}', e.changes #>> '{email,0}') = address;
end
$$;
comment on function redact_audit_events is
  'Takes out of the audit log from where a person acted and what was said of it but ids and rights; called by erase_user(). The chain holds digests, so every row can still be proven.';
