create or replace function audit_hash(previous bytea, event audit_events) returns bytea
language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp
begin atomic
  -- jsonb prints equal values equally, so the text is the same wherever it is hashed again. Rows without
  -- salts are from before there were any and keep their hashes; there, what has been added since is
  -- hashed where it says something.
  select sha256(previous || convert_to((case
    when event.changes_salt is null and event.changes_digest is null then jsonb_build_array(
      event.id, event.chain_id, event.sequence, event.tenant_id, (extract(epoch from event.at) * 1000000)::bigint,
      event.action, event.actor_id, event.impersonator_id, event.target_type, event.target_id, event.changes,
      event.request_id, host(event.ip)
    ) || case when event.actor_type = 'User' then '[]'::jsonb else jsonb_build_array(event.actor_type) end
    else jsonb_build_array(
      'v2', event.id, event.chain_id, event.sequence, event.tenant_id,
      (extract(epoch from event.at) * 1000000)::bigint,
      event.action, event.actor_type, event.actor_id, event.impersonator_id, event.target_type, event.target_id,
      event.person_id, event.request_id,
      encode(coalesce(event.changes_digest, audit_digest(event.changes_salt, event.changes::text)), 'hex'),
      encode(coalesce(event.ip_digest, audit_digest(event.ip_salt, coalesce(host(event.ip), ''))), 'hex')
    )
  end)::text, 'UTF8'));
end;
comment on function audit_hash is 'What the hash of a row must be after the given one.';
